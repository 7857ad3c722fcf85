"""Walls are recognised, and real pages are not taken for walls."""

from __future__ import annotations

import pytest

from sources.http.answers import looks_blocked, says_maintenance
from tests.sources.http.conftest import SHARED

CHALLENGES = {
    "Cloudflare challenge": """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>
        <meta name="robots" content="noindex,nofollow">
        </head><body><div class="main-wrapper"><noscript>Enable JavaScript and cookies to continue</noscript></div>
        <script>(function(){window._cf_chl_opt = {cvId: '3', cZone: 'www.example.org'};}());</script></body></html>""",
    "Cloudflare block page": """<html><head><title>Attention Required! | Cloudflare</title></head><body>
        <h1>Sorry, you have been blocked</h1>
        <p>Cloudflare Ray ID: <strong>8a</strong></p><a href="https://www.cloudflare.com">Cloudflare</a></body></html>""",
    "Imperva challenge": """<html style="height:100%"><head><META NAME="ROBOTS" CONTENT="NOINDEX, NOFOLLOW"></head><body>
        <iframe id="main-iframe"
        src="/_Incapsula_Resource?CWUDNSAI=9&xinfo=1" frameborder=0></iframe></body></html>""",
    "Imperva block page": "<html><body>Request unsuccessful. Incapsula incident ID: 1234-5678</body></html>",
    "DataDome challenge": """<html><head><title>example.org</title></head><body><p id="cmsg">Please enable JS and disable any ad blocker</p>
        <script>var dd={'rt':'c','cid':'A','host':'geo.captcha-delivery.com'}</script>
        <script src="https://ct.captcha-delivery.com/c.js"></script></body></html>""",
    "F5 block page": """<html><head><title>Request Rejected</title></head><body>The requested URL was rejected.
        Please consult with your administrator.
        <br><br>Your support ID is: 123456<br><br><a href='javascript:history.back();'>[Go Back]</a></body></html>""",
    "F5 challenge": """<html><head><script>window["bobcmn"]="1"</script></head><body>
        <noscript>Please enable JavaScript to view the page content.<br/>
        Your support ID is: 12.<br/></noscript></body></html>""",
    "Akamai block page": """<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n
        You don't have permission to access
        "http&#58;&#47;&#47;www&#46;example" on this server.<P>Reference&#32;&#35;18&#46;1</BODY></HTML>""",
    "AWS challenge": "<html><script>window.awsWafCookieDomainList=[];window.gokuProps={}</script></html>",
    "Anubis challenge": "<title>Making sure you&#39;re not a bot!</title><script id='anubis_challenge' type='application/json'>{}</script>",
    "Sucuri challenge": "<html><script>sucuri_cloudproxy_js='';</script></html>",
    "HUMAN challenge": "<html><title>x</title><div id='px-captcha'></div><script>window._pxAppId='P'</script></html>",
    "Fortinet block page": "<html><body><h1>Web Page Blocked!</h1>URL: x<br>Attack ID: 20000051</body></html>",
    "DDoS-Guard challenge": "<html><head><title>DDoS-Guard</title></head><body></body></html>",
}

OTHERS = {
    "block page: Access Denied": "<title>Access Denied</title><p>Error 16",
    "block page: 403 - Accès refusé": "<html><head><title>403 - Accès refusé</title></head><body><a href='/'>Accueil</a></body></html>",
    "block page: Vérification de sécurité": "<html><body><h1>Vérification de sécurité</h1><p>Veuillez patienter</p></body></html>",
    "block page: pas un robot": "<title>www.example.gouv.fr</title><h1>Confirmez que vous n'êtes pas un robot</h1>",
    "captcha": "<title>www</title><form action='/verify'><div class='h-captcha' data-sitekey='x'></div><button>OK</button></form>",
    "JavaScript challenge": "<html><script>document.cookie='t=1;path=/';location.reload();</script><body></body></html>",
    "Imperva challenge": "<html><head><script src='/_Incapsula_Resource?SWJIYLWA=1'></script></head><body></body></html>",
}

LINKS = "".join(f'<a href="/Publications/{n}">Recueil {n}</a>' for n in range(5))

REAL = {
    "a contact form's captcha": f"<title>RAA</title><script src='/captcha.js'></script><form><div class='g-recaptcha'></div></form>{LINKS}",
    "a captcha script on a nearly empty page": "<title>RAA</title><script src='https://hcaptcha.com/captcha-1.js'></script><h1>Septembre</h1>",
    "Cloudflare's script on a page let through": f"{LINKS}<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>",
    "Imperva's script on a page let through": f"<title>RAA</title>{LINKS}<script src='/_Incapsula_Resource?SWJIYLWA=1'></script>",
    "DataDome's script on a page let through": f"<title>RAA</title>{LINKS}<script src='https://js.datadome.co/tags.js'></script>",
    "F5's script on a page let through": f"<title>RAA</title>{LINKS}<script src='/TSPD/08?type=17'></script>",
    "a decree that forbids access": "<title>RAA</title><h1>Accès interdit</h1><a href='/contenu/telechargement/1/2/file/a.pdf'>Arrêté</a>",
    "an empty month": "<title>Septembre 2026</title><h1>Septembre 2026</h1><a href='/Publications'>Retour</a>",
    "a noscript remark": f"<title>RAA</title><noscript>Veuillez activer JavaScript</noscript>{LINKS}",
    "an analytics script": "<title>Août</title><script>document.cookie='stat=1'; location.href</script><p>Rien ce mois-ci.</p>",
    "no HTML at all": "",
    "a plain 403": "<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center><hr>nginx</body></html>",
}


@pytest.mark.parametrize("reason", CHALLENGES)
@pytest.mark.parametrize("status", [200, 403, 503])
def test_known_walls(reason: str, status: int) -> None:
    assert looks_blocked(status, {}, CHALLENGES[reason]) == reason


@pytest.mark.parametrize("reason", OTHERS)
def test_walls_by_their_shape(reason: str) -> None:
    assert looks_blocked(200, {}, OTHERS[reason]) == reason


def test_a_refusal_that_wants_javascript() -> None:
    page = "<html><body><p>You need to enable JavaScript to run this app.</p><script src='/x.js'></script></body></html>"
    assert looks_blocked(403, {}, page) == "JavaScript challenge"
    assert looks_blocked(200, {}, page) is None


def test_headers_alone_tell() -> None:
    assert looks_blocked(403, {"cf-mitigated": "challenge"}, "") == "Cloudflare challenge"
    assert looks_blocked(202, {"x-amzn-waf-action": "challenge"}, "") == "AWS challenge"
    assert looks_blocked(200, {"server": "cloudflare"}, "<p>") is None


@pytest.mark.parametrize("name", REAL)
def test_real_pages(name: str) -> None:
    assert looks_blocked(200, {}, REAL[name]) is None


def test_a_long_page_is_judged_in_no_time() -> None:
    assert looks_blocked(200, {}, "<script" * 4000) is None
    assert looks_blocked(200, {}, "<a " * 3_000_000) is None
    assert looks_blocked(200, {}, f"<title>{'-' * 32_000}</title>") is None


MAINTENANCE = {
    "Site en maintenance": "<title>Site en maintenance</title><p>Merci de revenir plus tard.</p>",
    "Maintenance": f"<title>Maintenance</title><h1>Le site est fermé</h1>{LINKS}",
    "Page de maintenance - Les services de l'État": f"<title>Page de maintenance - Les services de l'État</title>{LINKS}",
    "Le site est actuellement en cours de maintenance": f"<h1>Le site est actuellement en cours de maintenance</h1>{LINKS}",
    "site est en maintenance": "<title>www.test.gouv.fr</title><img alt=''><p>Notre site est en maintenance. Merci de votre patience.</p>",
    "site internet des services de l'État est momentanément indisponible": "<title>Préfecture</title><p>Le site internet des services de "
    "l'État est momentanément indisponible.</p>",
    "Under maintenance": "<title>Under maintenance</title>",
    "site is down for scheduled maintenance": "<h1>Sorry</h1><p>This site is down for scheduled maintenance.</p>",
}

NO_MAINTENANCE = {
    "a notice of what will be": "<title>Septembre</title><p>Le site sera en maintenance le 12 septembre.</p>",
    "a notice on a page of links": f"<title>RAA</title><p>Le site est en maintenance ce soir.</p>{LINKS}",
    "a card of the news": f"<title>RAA</title><h1>Recueil des actes administratifs</h1><h2>Site en maintenance</h2>{LINKS}",
    "a decree": "<title>Maintenance</title><a href='/contenu/telechargement/1/2/file/a.pdf'>Fermé pour maintenance</a>",
    "an empty month": "<title>Septembre 2026</title><h1>Septembre 2026</h1>",
}


@pytest.mark.parametrize("words", MAINTENANCE)
def test_a_page_of_maintenance_says_so(words: str) -> None:
    assert says_maintenance(MAINTENANCE[words]) == words
    assert looks_blocked(200, {}, MAINTENANCE[words]) is None


@pytest.mark.parametrize("name", NO_MAINTENANCE)
def test_what_is_no_page_of_maintenance(name: str) -> None:
    assert says_maintenance(NO_MAINTENANCE[name]) is None


def test_a_long_page_of_maintenance_is_judged_in_no_time() -> None:
    for long in ("<title>" + "a " * 60_000 + "</title>maintenance", "<p>maintenance " + "site " * 200_000, "<h1>maintenance" * 20_000):
        says_maintenance(long)


def test_no_recorded_page_of_a_prefecture_looks_blocked() -> None:
    pages = sorted((SHARED / "data" / "pages").rglob("*.html"))
    if not pages:
        pytest.skip("the recorded pages are not beside this checkout")
    blocked = {
        str(page): reason
        for page in pages
        for status in (200, 403, 503)
        if (reason := looks_blocked(status, {}, html := page.read_text("utf-8", errors="replace")) or says_maintenance(html))
    }
    assert blocked == {}

"""What is known of the acts while their pages come in: which are concerned, which are read whole. No process, no clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from bot.domain import Act, PageText
from bot.reading import plan


class Outlook:
    """The acts as last cut, and what is thought of them."""

    def __init__(self, concerned: Callable[[Act], bool]) -> None:
        self.stale = True
        """The acts may start or end elsewhere than was thought: they are to be cut again."""
        self._ask = concerned
        self._acts: tuple[Act, ...] = ()
        self._judged: dict[plan.Span, bool] = {}
        self._announced: set[plan.Span] = set()

    def judge(self, acts: Sequence[Act]) -> Mapping[plan.Span, bool]:
        """What `concerned` says of the acts it has not seen. Changes nothing, so that it may run in a thread."""
        judged = self._judged
        return {plan.span(act): self._ask(act) for act in acts if plan.span(act) not in judged}

    def take(self, acts: Sequence[Act], judged: Mapping[plan.Span, bool]) -> None:
        """The acts were cut anew, and the new ones among them judged."""
        spans = {plan.span(act) for act in acts}
        # Their texts are kept once, with the pages of the file.
        self._acts = tuple(replace(act, pages=()) for act in acts)
        self._judged = {key: verdict for key, verdict in {**self._judged, **judged}.items() if key in spans}
        self.stale = False

    def arrived(self, page: PageText, pages: Sequence[PageText]) -> None:
        """A page was recognised; it is among `pages` already."""
        for act in plan.holding(self._acts, page.number):
            if not self._judged.get(plan.span(act), False):
                self._judged[plan.span(act)] = self._ask(plan.view(act, pages, page.number))
        self.stale = self.stale or plan.may_move_cuts(page, self._acts)

    def next_page(self, pages: Sequence[PageText], taken: Collection[int]) -> int | None:
        """The page to recognise next, None when none is left."""
        return plan.next_page(pages, self._acts, {key for key, concerned in self._judged.items() if concerned}, taken)

    def newly_whole(self, pages: Sequence[PageText]) -> bool:
        """True when an act that is concerned has been read whole since this was last asked."""
        fresh = {
            key for act in self._acts if self._judged.get(key := plan.span(act)) and key not in self._announced and plan.whole(act, pages)
        }
        self._announced |= fresh
        return bool(fresh)

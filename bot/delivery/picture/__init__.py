"""Makes the picture of a decree: its main page, with telling lines highlighted and names covered, and an alt text. A confined process draws
grey pixels, of which this process makes the PNG.
"""

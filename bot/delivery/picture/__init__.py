"""The picture of a decree: its telling page, with the telling lines highlighted and persons' names covered, and what it shows in words.

The page is drawn in a confined process, as files are read in: it hands over grey pixels, of which this side makes the PNG.
"""

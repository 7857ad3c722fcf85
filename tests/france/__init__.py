"""A simulated France: every source of the catalogue as a site that publishes as time passes, all behind one address of this machine.

The sites are written from what the catalogue says of each source (reader, navigation, listing, order, patterns), so that a file added to
the catalogue is a site added here. Nothing is recorded from a real site.
"""

"""A day, or a week, of all of France: how long a decree takes from the list of its site to the channel."""

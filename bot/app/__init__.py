"""The composition root, the loop, configuration, logs and the demo."""

"""Where recueils come from: the catalogue of authorities, and the crawler that lists what their sites publish."""

"""How services are run: `none` turns life cycles only, `process` starts programs of this machine."""

"""Ground layer: errors, places in files, diagnostics, registries. No dialogue knowledge."""

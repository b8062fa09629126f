"""Door: time passes."""

"""The rules of the trade, one module per noun."""

"""Who a face is: the roster in memory and the search in it. Pure numpy."""

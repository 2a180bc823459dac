"""SIE files, the format in which Swedish bookkeeping travels: read, checked and written."""

"""`odw judge calibrate`: what a judge's scores mean on people's scale, and systems' means corrected by people's marks."""

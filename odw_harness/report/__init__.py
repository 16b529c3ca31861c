"""`odw report`: one page of results that needs nothing else."""

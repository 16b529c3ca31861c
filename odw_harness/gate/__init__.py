"""`odw gate`: is a candidate worse than its baseline by more than is allowed?"""

print("opz")

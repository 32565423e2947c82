print("opz-server")

print("xling")

import CShim
print("apus")

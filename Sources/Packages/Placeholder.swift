enum PackagesRoom {}

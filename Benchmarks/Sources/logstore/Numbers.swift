import Glibc

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
func logarithm(_ number: Double) -> Double { log(number) }

// leak RATE WAIT: keeps RATE bytes more a second. churn RATE SIZE: throws away RATE bytes a second, and keeps SIZE.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

var kept [][]byte

func number(at int) float64 {
	value, err := strconv.ParseFloat(os.Args[at], 64)
	if err != nil {
		panic(err)
	}
	return value
}

func portion(size int) []byte {
	bytes := make([]byte, size)
	for i := 0; i < size; i += 512 {
		bytes[i] = 1
	}
	return bytes
}

func leak(rate, wait float64) {
	time.Sleep(time.Duration(wait * 1e9))
	fmt.Println("grow")
	begin := time.Now()
	for held := 0.0; ; held += 32768 {
		kept = append(kept, portion(32768))
		time.Sleep(time.Until(begin.Add(time.Duration(held / rate * 1e9))))
	}
}

func churn(rate, size float64) {
	for len(kept) < int(size/32768) {
		kept = append(kept, portion(32768))
	}
	fmt.Println("ready")
	for at := 0; ; at++ {
		kept[at%len(kept)] = portion(32768)
		time.Sleep(time.Duration(32768 / rate * 1e9))
	}
}

func main() {
	if os.Args[1] == "churn" {
		churn(number(2), number(3))
	}
	fmt.Println("ready")
	leak(number(2), number(3))
}

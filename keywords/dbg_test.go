package keywords

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestDbg(t *testing.T) {
	if os.Getenv("DBG") == "" {
		t.Skip()
	}
	for _, l := range strings.Split(os.Getenv("DBG"), "/") {
		fmt.Println(byDefault().Explain(l))
	}
}

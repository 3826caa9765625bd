// Package words holds the common words of Chinese with how often each is used.
//
// The words come from the dictionary of gse, which comes from jieba's: see the head
// of gen/main.go for what was kept and for its licences. They are
// cut to what marking the boundaries of words in telephone talk needs.
package words

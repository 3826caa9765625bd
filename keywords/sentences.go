package keywords

import (
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// examples tells which sentences of the lexicon its phrases don't find although they should,
// and in which something counts although nothing should.
func (j *Judge) examples() []lexicon.Error {
	var wrong []lexicon.Error
	for _, class := range j.lex.Classes {
		if class.Track == lexicon.TrackAgent {
			continue // Text reads as the customer's
		}
		for _, phrase := range class.Phrases {
			for _, sentence := range phrase.Finds {
				if what := j.missed(phrase, sentence.Text); what != "" {
					wrong = append(wrong, lexicon.Error{Line: sentence.Line, What: what})
				}
			}
			for _, sentence := range phrase.Skips {
				if what := j.taken(sentence.Text); what != "" {
					wrong = append(wrong, lexicon.Error{Line: sentence.Line, What: what})
				}
			}
		}
	}
	return wrong
}

// missed tells why the phrase doesn't count in the sentence; it is empty where it does.
func (j *Judge) missed(phrase lexicon.Phrase, sentence string) string {
	hits := j.Text(sentence).Hits
	of := func(h Hit) bool { return h.Phrase == phrase.Text }
	if slices.ContainsFunc(hits, func(h Hit) bool { return of(h) && h.Veto == nil }) {
		return ""
	}
	what := fmt.Sprintf("phrase %q doesn't find %q", phrase.Text, sentence)
	if at := slices.IndexFunc(hits, of); at >= 0 {
		return fmt.Sprintf("%s: it is vetoed, %s because of %q", what, hits[at].Veto.Reason,
			hits[at].Veto.Text)
	}
	if len(hits) > 0 {
		return fmt.Sprintf("%s: there it is %q that is hit", what, hits[0].Phrase)
	}
	return what
}

// taken tells what counts in a sentence in which nothing should.
func (j *Judge) taken(sentence string) string {
	for _, h := range j.Text(sentence).Hits {
		if h.Veto == nil {
			return fmt.Sprintf("phrase %q counts in %q, in which nothing should",
				h.Phrase, sentence)
		}
	}
	return ""
}

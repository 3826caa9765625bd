// Package rejudge judges again what was heard in past calls: by the lexicon in force or one that is
// tried, and, where that is asked for, hearing them again first. It tells what would change, and only
// where it is told to does it store the new verdicts and open suspects, so many a day.
package rejudge

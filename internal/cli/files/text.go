package files

// ByteOrderMark is what spreadsheet programs put before UTF-8.
const ByteOrderMark = "\ufeff"

// MaxRow is the longest row of a table that is taken, in bytes.
const MaxRow = 1 << 20

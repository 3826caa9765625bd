// Figures as files.
export function save(address: string, name: string) {
  const a = document.createElement('a')
  a.href = address
  a.download = name
  a.click()
}

// A cell that a spreadsheet would take for a formula is a text.
const cell = (v: string | number) => (typeof v === 'number' ? String(v) : `"${(/^[=+\-@\t\r]/.test(v) ? `'${v}` : v).replaceAll('"', '""')}"`)

export function saveCsv(title: string, rows: (string | number)[][]) {
  saveBlob(new Blob(['\ufeff' + rows.map((r) => r.map(cell).join(',')).join('\r\n')], { type: 'text/csv' }), `${title}.csv`)
}
export function saveBlob(blob: Blob, name: string) {
  const address = URL.createObjectURL(blob)
  save(address, name)
  setTimeout(() => URL.revokeObjectURL(address), 60_000) // a busy machine may take its time to begin
}

// Two texts side by side, line by line.
export interface Row {
  left?: string
  right?: string
  leftLine?: number
  rightLine?: number
  kind: 'same' | 'changed' | 'gap'
}

// rows pairs the lines of two texts, and leaves out what is the same far from a change. It compares by the
// longest common subsequence of what is between the common beginning and the common end.
export function rows(a: string, b: string, around = 3): Row[] {
  const [x, y] = [a.split('\n'), b.split('\n')]
  let from = 0
  while (from < x.length && from < y.length && x[from] === y[from]) from++
  let tail = 0
  while (tail < x.length - from && tail < y.length - from && x[x.length - 1 - tail] === y[y.length - 1 - tail]) tail++
  const [n, m] = [x.length - from - tail, y.length - from - tail]
  const width = m + 1
  const best = new Uint32Array((n + 1) * width)
  for (let i = n - 1; i >= 0; i--)
    for (let j = m - 1; j >= 0; j--)
      best[i * width + j] = x[from + i] === y[from + j] ? best[(i + 1) * width + j + 1] + 1 : Math.max(best[(i + 1) * width + j], best[i * width + j + 1])

  const all: Row[] = []
  const same = (i: number, j: number) => all.push({ left: x[i], right: y[j], leftLine: i + 1, rightLine: j + 1, kind: 'same' })
  for (let i = 0; i < from; i++) same(i, i)
  let [i, j] = [0, 0]
  while (i < n || j < m) {
    if (i < n && j < m && x[from + i] === y[from + j]) {
      same(from + i++, from + j++)
      continue
    }
    const gone: number[] = []
    const come: number[] = []
    while ((i < n || j < m) && !(i < n && j < m && x[from + i] === y[from + j])) {
      if (j >= m || (i < n && best[(i + 1) * width + j] >= best[i * width + j + 1])) gone.push(from + i++)
      else come.push(from + j++)
    }
    for (let k = 0; k < Math.max(gone.length, come.length); k++)
      all.push({
        left: gone[k] === undefined ? undefined : x[gone[k]], leftLine: gone[k] === undefined ? undefined : gone[k] + 1,
        right: come[k] === undefined ? undefined : y[come[k]], rightLine: come[k] === undefined ? undefined : come[k] + 1, kind: 'changed',
      })
  }
  for (let k = tail; k > 0; k--) same(x.length - k, y.length - k)
  return near(all, around)
}

function near(all: Row[], around: number): Row[] {
  const keep = new Uint8Array(all.length)
  all.forEach((r, i) => {
    if (r.kind === 'changed') keep.fill(1, Math.max(0, i - around), i + around + 1)
  })
  return all.flatMap((r, i) => (keep[i] ? [r] : i > 0 && keep[i - 1] ? [{ kind: 'gap' as const }] : []))
}

// How times, lengths and shares are written.
import { prefs } from './prefs'

const locale = () => (prefs.language === 'zh' ? 'zh-CN' : 'en-GB')

// A formatter costs far more than what it formats, and lists have hundreds of times.
const formatters = new Map<string, Intl.DateTimeFormat>()
function formatted(t: string | null | undefined, options: Intl.DateTimeFormatOptions): string {
  if (!t) return '—'
  const key = locale() + JSON.stringify(options)
  const of = formatters.get(key) ?? new Intl.DateTimeFormat(locale(), options)
  formatters.set(key, of)
  return of.format(new Date(t))
}
export const time = (t?: string | null) => formatted(t, { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false })
export const fullTime = (t?: string | null) => formatted(t, { dateStyle: 'medium', timeStyle: 'medium', hour12: false })
export const day = (t?: string | null) => formatted(t, { year: 'numeric', month: '2-digit', day: '2-digit' })
// A day of this browser's calendar, as files have it.
export const isoDay = (d: Date) => `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`
export function clock(s: number): string {
  const whole = Math.max(0, Math.floor(s))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
// A length of time in its largest unit.
const units: [number, string, string][] = [
  [86400, ' 天', ' d'],
  [3600, ' 小时', ' h'],
  [60, ' 分钟', ' min'],
  [1, ' 秒', ' s'],
]
const counted = (n: number, [, zh, en]: (typeof units)[number]) => `${n}${prefs.language === 'zh' ? zh : en}`
export function length(s: number): string {
  const unit = units.find(([u]) => s >= u) ?? units[3]
  return counted(Math.round(s / unit[0]), unit)
}
// exactly is a length of which nothing is rounded away, as 36 h or 1 h 30 min: for what somebody puts in force.
export function exactly(s: number): string {
  const parts: string[] = []
  for (const unit of s % 86400 ? units.slice(1) : units) {
    const n = Math.floor(s / unit[0])
    s -= n * unit[0]
    if (n) parts.push(counted(n, unit))
  }
  return parts.join(' ') || counted(0, units[3])
}
// A length that somebody types as a number of days, in seconds: null where nothing is typed, undefined where it is no
// number between least and most, which are days.
export function secondsOf(days: string, least: number, most: number): number | null | undefined {
  const n = Number(days)
  if (!days.trim()) return null
  return n >= least && n <= most ? Math.round(n * 86400) : undefined
}
export const age = (t?: string | null) => (t ? length((Date.now() - Date.parse(t)) / 1000) : '—')
export const percent = (v?: number | null) => (v === undefined || v === null ? '—' : `${Math.round(v * 100)}%`)
export const count = (v?: string | number | null) => new Intl.NumberFormat(locale()).format(Number(v ?? 0))
export function bytes(v?: string | number | null): string {
  let n = Number(v ?? 0)
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let at = 0
  while (n >= 1000 && at < units.length - 1) {
    n /= 1000
    at++
  }
  return `${at ? n.toFixed(n < 10 ? 1 : 0) : n} ${units[at]}`
}

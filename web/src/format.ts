// How times, lengths and shares are written.
import { prefs } from './prefs'

const locale = () => (prefs.language === 'zh' ? 'zh-CN' : 'en-GB')

export function time(t?: string | null): string {
  if (!t) return '—'
  return new Intl.DateTimeFormat(locale(), { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(t))
}
export function fullTime(t?: string | null): string {
  if (!t) return '—'
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'medium', hour12: false }).format(new Date(t))
}
export function day(t?: string | null): string {
  if (!t) return '—'
  return new Intl.DateTimeFormat(locale(), { year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(t))
}
// A day of this browser's calendar, as files have it.
export const isoDay = (d: Date) => `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`
export function clock(s: number): string {
  const whole = Math.max(0, Math.floor(s))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
// A length of time in its largest unit.
export function length(s: number): string {
  const units: [number, string, string][] = [
    [86400, ' 天', ' d'],
    [3600, ' 小时', ' h'],
    [60, ' 分钟', ' min'],
    [1, ' 秒', ' s'],
  ]
  const [size, zh, en] = units.find(([u]) => s >= u) ?? units[3]
  return `${Math.round(s / size)}${prefs.language === 'zh' ? zh : en}`
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

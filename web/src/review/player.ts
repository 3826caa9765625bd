// Plays a recording, and tells where it is.
import { onUnmounted, reactive, watch } from 'vue'
import { prefs } from '../prefs'
import { fileAddress } from '../api/client'
import { audioAddress } from '../api/review'

const rates = [0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3]

export function usePlayer() {
  const audio = new Audio()
  audio.preload = 'auto'
  const p = reactive({ time: 0, playing: false, duration: 0, failed: '', track: '' })
  let recording = ''
  let frame = 0
  let wanted: number | null = null
  let eager = false // play as soon as there is something
  let made = ''
  let ready = false // the recording's own length is known

  function tick() {
    if (ready) p.time = audio.currentTime
    frame = requestAnimationFrame(tick)
  }
  audio.addEventListener('play', () => {
    p.playing = true
    cancelAnimationFrame(frame)
    tick()
  })
  const stopped = () => {
    p.playing = false
    if (ready) p.time = audio.currentTime
    cancelAnimationFrame(frame)
  }
  audio.addEventListener('pause', stopped)
  audio.addEventListener('ended', stopped)
  audio.addEventListener('seeked', () => ready && (p.time = audio.currentTime))
  audio.addEventListener('loadedmetadata', () => {
    p.duration = Number.isFinite(audio.duration) ? audio.duration : 0
    audio.playbackRate = prefs.rate
    ready = true
    if (wanted !== null) audio.currentTime = wanted
    wanted = null
  })
  audio.addEventListener('error', () => {
    if (recording && audio.src) p.failed = audio.error?.message || 'MEDIA_ERROR'
  })
  watch(() => prefs.rate, (r) => (audio.playbackRate = r))
  watch(() => p.track, () => {
    const [at, on] = [p.time, p.playing]
    source()
    seek(at)
    if (on) play()
  })

  function source() {
    p.failed = ''
    ready = false
    const [name, track] = [recording, p.track]
    fileAddress(audioAddress(name, track)).then(
      (address) => {
        if (recording !== name || p.track !== track) return
        if (made) URL.revokeObjectURL(made)
        made = address.startsWith('blob:') ? address : ''
        audio.src = address
        audio.preservesPitch = true
        if (eager) play()
      },
      (e) => (p.failed = String(e.message)),
    )
  }
  function load(name: string, at: number) {
    recording = name
    p.duration = 0
    eager = false
    audio.pause()
    audio.removeAttribute('src')
    audio.load()
    source()
    seek(at)
  }
  function stop() {
    recording = ''
    eager = false
    audio.pause()
    audio.removeAttribute('src')
    audio.load()
  }
  function seek(to: number) {
    const at = Math.max(0, p.duration ? Math.min(to, p.duration - 0.05) : to)
    p.time = at
    if (ready) audio.currentTime = at
    else wanted = at
  }
  // Browsers play nothing by themselves before somebody touched the page.
  function play() {
    eager = !audio.src
    if (!eager) audio.play().catch(() => undefined)
  }
  const toggle = () => (audio.paused ? play() : audio.pause())
  const faster = (by: 1 | -1) => {
    const at = rates.findIndex((r) => r >= prefs.rate)
    prefs.rate = rates[Math.max(0, Math.min(rates.length - 1, at + by))]
  }
  onUnmounted(() => {
    stop()
    cancelAnimationFrame(frame)
  })
  return { state: p, load, stop, seek, play, toggle, faster, pause: () => audio.pause() }
}
export type Player = ReturnType<typeof usePlayer>

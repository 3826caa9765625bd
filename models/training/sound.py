"""Voices, telephone lines and noise: what training, eval/ and samples/ share.

Samples are float arrays, -1..1. Randomness comes from the random.Random that is
handed in, so equal seeds give equal sound (with the same espeak-ng).
"""
import ctypes, math, struct
import numpy as np
from scipy.signal import butter, fftconvolve, lfilter, resample_poly, sosfilt

SR = 16000
VARIANTS = ('f1 f2 f3 f5 m1 m2 m4 m5 m6 m7 m8 Alicia Andrea Andy Annie antonio aunty belinda benjamin boris caleb '
            'david Denis Diogo ed edward Henrique Hugo iven iven2 john Lee linda marcelo Marco max Michael '
            'michel miguel Nguyen norbert pablo paul pedro quincy rob robert sandro shelby steph steph2 steph3 '
            'travis victor zac anika klatt klatt2 klatt3 adam Alex').split()
UNSEEN = ['f4', 'm3']                                     # kept out of training


class Espeak:
    """espeak-ng's library, speaking pinyin"""
    RATE, VOLUME, PITCH, RANGE = 1, 2, 3, 4               # its parameters
    RETRIEVAL, POS_CHARACTER, UTF8 = 2, 1, 1

    def __init__(self):
        self.lib = ctypes.CDLL('libespeak-ng.so.1')
        self.sr = self.lib.espeak_Initialize(self.RETRIEVAL, 0, None, 0)
        if self.sr < 0:
            raise RuntimeError('espeak-ng does not start: is it installed?')
        self.buf, self.voice = [], None
        call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

        def collect(wav, n, _):
            if wav and n > 0:
                self.buf.append(np.ctypeslib.as_array(wav, (n,)).copy())
            return 0
        self.callback = call(collect)                     # kept: the library calls it later
        self.lib.espeak_SetSynthCallback(self.callback)

    def __call__(self, pinyin, variant, rate, pitch, rng):
        voice = 'cmn-latn-pinyin+' + variant
        if voice != self.voice:
            if self.lib.espeak_SetVoiceByName(voice.encode()) != 0:
                raise ValueError(voice)
            self.voice = voice
        for k, v in ((self.RATE, rate), (self.VOLUME, 100), (self.PITCH, pitch), (self.RANGE, rng)):
            self.lib.espeak_SetParameter(k, int(v), 0)
        self.buf.clear()
        b = pinyin.encode() + b'\0'
        self.lib.espeak_Synth(b, len(b), 0, self.POS_CHARACTER, 0, self.UTF8, None, None)
        self.lib.espeak_Synchronize()
        return np.concatenate(self.buf).astype(np.float32) / 32768 if self.buf else np.zeros(1, np.float32)


def strip(x, th=0.01):
    on = np.where(np.abs(x) > th * max(1e-4, np.abs(x).max()))[0]
    return x[on[0]:on[-1] + 1] if len(on) else x[:1]


def respeed(x, s, sr_in=SR):
    """resample to SR and speed up (pitch too) by s"""
    return resample_poly(x, 160, max(1, round(160 * sr_in / SR * s))).astype(np.float32)


# --- telephone lines ---

def mulaw(x, mu=255.0):
    """what continuous mu-law, rounded to 8 bits, leaves of x"""
    y = np.sign(x) * np.log1p(mu * np.abs(x)) / math.log1p(mu)
    y = np.round(y * 127) / 127
    return (np.sign(y) * (np.expm1(np.abs(y) * math.log1p(mu)) / mu)).astype(np.float32)


def alaw(x, A=87.6):
    """what continuous A-law, rounded to 8 bits, leaves of x"""
    a, l = np.abs(x), 1 + math.log(A)
    y = np.where(a < 1 / A, A * a / l, (1 + np.log(np.maximum(A * a, 1e-9))) / l) * np.sign(x)
    y = np.round(y * 127) / 127
    b = np.abs(y)
    return (np.sign(y) * np.where(b < 1 / l, b * l / A, np.exp(b * l - 1) / A)).astype(np.float32)


def noise(r, n):
    """white, brownish, or brownish with mains hum"""
    g = np.random.default_rng(r.getrandbits(32))
    w = g.standard_normal(n).astype(np.float32)
    k = r.random()
    if k < .35:
        return w
    if k < .7:
        return lfilter([1], [1, -r.uniform(.8, .98)], w).astype(np.float32)
    y = lfilter([1], [1, -.9], w) * .3
    t = np.arange(n) / SR
    hum = r.choice([50, 100, 150])
    return (y / y.std() + r.uniform(.3, 2) * np.sin(2 * np.pi * hum * t)).astype(np.float32)


def room(r, x):
    n = int(SR * r.uniform(.05, .25))
    g = np.random.default_rng(r.getrandbits(32))
    ir = g.standard_normal(n) * np.exp(-np.arange(n) / (n / 5)) * r.uniform(.02, .12)
    ir[0] = 1
    return fftconvolve(x, ir)[:len(x)].astype(np.float32)


def band(r, y):
    """a telephone's band, for sound at 8 kHz"""
    return sosfilt(butter(r.choice([2, 3, 4]), [r.uniform(150, 330), r.uniform(3100, 3700)], 'band', fs=8000, output='sos'), y)


def level(r, x):
    return x / (np.abs(x).max() + 1e-6) * 10 ** (-r.uniform(1, 22) / 20)


def channel(r, x, phone=None):
    """level, room, noise, telephone codec. x holds speech plus its silent margins;
    phone None lets chance decide whether it goes by telephone."""
    x = level(r, x)
    if r.random() < .3:
        x = room(r, x)
    k = r.random()
    if k < .65:
        nz = noise(r, len(x))
        nz *= np.abs(x).max() * 10 ** (-r.uniform(18 if k < .25 else 30, 58) / 20) / (nz.std() + 1e-9) * .35
        x = x + nz
    if phone is None:
        phone = r.random() < .68
    if phone:
        y = resample_poly(x, 1, 2)
        if r.random() < .75:
            y = band(r, y)
        y = (mulaw if r.random() < .5 else alaw)(np.clip(y, -1, 1))
        x = resample_poly(y, 2, 1)
    return np.clip(x, -1, 1).astype(np.float32)


def margins(r, x):
    """silence before and behind; -> sound, end of speech in seconds"""
    a = int(SR * r.choice([0, r.uniform(0, .1), r.uniform(0, .3), r.uniform(.1, .7)]))
    b = int(SR * r.choice([0, r.uniform(0, .1), r.uniform(0, .4), r.uniform(.1, 1.0)]))
    return np.concatenate([np.zeros(a, np.float32), x, np.zeros(b, np.float32)]), (a + len(x)) / SR


# --- what is no speech ---

def tone(f, n, a=1.0):
    return (a * np.sin(2 * np.pi * f * np.arange(n) / SR)).astype(np.float32)


def nonspeech(r):
    """some seconds of silence, noise, ringing, keys, music-like sound, breath, hum"""
    n = int(SR * r.choice([.5, .8, 1, 1.5, 2, 3, 4, 6, 9]) * r.uniform(.7, 1.2))
    k = r.randrange(9)
    g = np.random.default_rng(r.getrandbits(32))
    if k == 0:
        return (g.standard_normal(n) * r.choice([0, 0, 1e-4, 3e-4])).astype(np.float32)
    if k == 1:
        x = noise(r, n)
        return (x / x.std() * 10 ** r.uniform(-4.5, -1)).astype(np.float32)
    return [_ringing, _keys, _music, _music, _breath, _hum, _swell][k - 2](r, g, n)


def _ringing(r, g, n):
    on, off = r.choice([(1, 4), (.35, .35), (.4, .4), (1, 2)])
    t = (np.arange(n) / SR + r.uniform(0, on + off)) % (on + off)
    return tone(r.choice([450, 440, 425, 480]), n) * (t < on) * r.uniform(.02, .4)


def _keys(r, g, n):
    x = np.zeros(n, np.float32)
    for _ in range(r.randint(1, 6)):
        m = int(SR * r.uniform(.05, .3))
        p = r.randrange(max(1, n - m))
        s = tone(r.choice([697, 770, 852, 941]), m) + tone(r.choice([1209, 1336, 1477]), m)
        x[p:p + m] += s[:len(x) - p]
    return x * r.uniform(.05, .3)


def _music(r, g, n):
    x, p = np.zeros(n, np.float32), 0
    root, scale = r.uniform(110, 330), [0, 2, 4, 5, 7, 9, 11, 12, 14, 16]
    while p < n:
        m = int(SR * r.choice([.15, .25, .4, .6, 1.0]))
        env = np.exp(-np.arange(m) / (SR * r.uniform(.1, .8))).astype(np.float32)
        for _ in range(r.randint(1, 4)):
            f = root * 2 ** (r.choice(scale) / 12) * r.choice([1, 1, 2])
            s = sum(tone(f * h, m, 1 / h ** 1.5) for h in range(1, r.randint(2, 7)) if f * h < 7000)
            s = np.asarray(s * env, np.float32)
            x[p:p + m] += s[:n - p]
        p += m
    return x / (np.abs(x).max() + 1e-6) * r.uniform(.05, .6)


def _breath(r, g, n):
    """breath, rustle, clicks"""
    x = np.zeros(n, np.float32)
    for _ in range(r.randint(1, 5)):
        m = int(SR * r.uniform(.005, .5))
        p = r.randrange(max(1, n - m))
        m = min(m, n - p)
        s = g.standard_normal(m) * np.hanning(m + 2)[1:-1]
        f0 = r.uniform(200, 2500)
        s = sosfilt(butter(1, [f0, min(7500, f0 * r.uniform(1.5, 4))], 'band', fs=SR, output='sos'), s)
        x[p:p + m] += s * r.uniform(.1, 1)
    return (x / (np.abs(x).max() + 1e-6) * 10 ** r.uniform(-2.5, -.5)).astype(np.float32)


def _hum(r, g, n):
    """hum, line whistle"""
    x = tone(r.choice([50, 100, 60, 400, 1000, r.uniform(300, 3000)]), n) * r.uniform(.005, .3)
    return x + (g.standard_normal(n) * 10 ** r.uniform(-4, -2)).astype(np.float32)


def _swell(r, g, n):
    """noise coming and going"""
    x = noise(r, n)
    e = np.interp(np.arange(n), np.linspace(0, n, 12), g.uniform(0, 1, 12) ** 2)
    return (x / x.std() * e * 10 ** r.uniform(-3, -.8)).astype(np.float32)


# --- WAV files ---

PCM, ALAW, MULAW = 1, 6, 7                                # format tags


def encode_pcm(x):
    return np.round(np.clip(x, -1, 1) * 32767).astype('<i2')


def encode_alaw(x):
    """G.711 A-law, of which the last step is the even-bit inversion"""
    v = np.round(np.clip(x, -1, 1) * 32767).astype(np.int32) >> 3          # 13 bits
    a = np.where(v >= 0, v, -v - 1)
    e = np.maximum(0, np.floor(np.log2(np.maximum(a, 1))).astype(int) - 4)
    code = np.where(e == 0, a >> 1, (e << 4) | ((a >> np.maximum(e, 1)) & 15))
    return ((code | np.where(v >= 0, 0x80, 0)) ^ 0x55).astype(np.uint8)


def encode_mulaw(x):
    """G.711 mu-law, of which the last step is the inversion of all bits"""
    v = np.round(np.clip(x, -1, 1) * 32767).astype(np.int32) >> 2          # 14 bits
    a = np.minimum(np.abs(v), 8158) + 33
    e = np.floor(np.log2(a)).astype(int) - 5
    code = (e << 4) | ((a >> (e + 1)) & 15)
    return (~(code | np.where(v >= 0, 0, 0x80)) & 0xff).astype(np.uint8)


ENCODERS = {PCM: encode_pcm, ALAW: encode_alaw, MULAW: encode_mulaw}


def write_wav(path, channels, tag, rate=8000):
    """channels: list of equally long arrays"""
    x = ENCODERS[tag](np.stack(channels, axis=1))
    data, width = x.tobytes(), x.itemsize
    n = len(channels)
    fmt = struct.pack('<HHIIHH', tag, n, rate, rate * n * width, n * width, 8 * width)
    chunks = [(b'fmt ', fmt if tag == PCM else fmt + b'\0\0')]
    if tag != PCM:
        chunks.append((b'fact', struct.pack('<I', len(x))))
    chunks.append((b'data', data))
    body = b'WAVE' + b''.join(k + struct.pack('<I', len(v)) + v + b'\0' * (len(v) % 2) for k, v in chunks)
    with open(path, 'wb') as f:
        f.write(b'RIFF' + struct.pack('<I', len(body)) + body)

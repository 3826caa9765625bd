#!/usr/bin/env python3
"""usage: make_speech.py TTS_DIR OUT_DIR LINES.tsv [PEOPLE_DIR]    (TTS_DIR made by samples/voices/get.sh; run with the Python it makes)

Speaks labelled lines (a table of name, voice, label and text) with Kokoro, and lets them go over telephone lines:
OUT_DIR/CONDITION/NAME.wav, one channel. What is there already stays, so a run that was cut short goes on.
Equal lines and versions give equal files. PEOPLE_DIR has recordings of people: a table NAME.tsv (name, text) for each
of its folders NAME. OUT_DIR/people/ gets them as they are and over a telephone line.
"""
import glob, os, random, shutil, sys
import numpy as np
from scipy.io import wavfile
from scipy.signal import butter, resample_poly, sosfilt

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', '..', '..', 'samples', 'voices'), os.path.join(HERE, '..', '..', 'training')]
sys.dont_write_bytecode = True
from sound import ALAW, PCM, SR, noise, write_wav
from say import Speaker

RATE, SPOKEN = 8000, 24000
SPEECH_LEVEL = -26  # dB below full scale while somebody speaks, as telephone lines are meant to have (ITU-T P.56)
LINE_NOISE = -65    # dB below full scale: a quiet line
# Condition: signal-to-noise ratio in dB on top of a quiet telephone line; None for no telephone at all.
CONDITIONS = {'clean': None, 'telephone': 99, 'noise20': 20, 'noise10': 10}


def margins(r, x, rate):
    """silence before and behind"""
    return np.concatenate([np.zeros(int(rate * r.uniform(.4, .8))), x, np.zeros(int(rate * r.uniform(.5, .8)))])


def spoken_level(x):
    """the level of the parts in which somebody speaks"""
    loud = np.abs(x) > .05 * np.abs(x).max()
    return np.sqrt((x[loud] ** 2).mean())


def telephone(r, x, snr):
    """8 kHz, 300 to 3,400 Hz, noise of the room, a quiet line's"""
    x = resample_poly(x, 1, SPOKEN // RATE)
    x = x * 10 ** (SPEECH_LEVEL / 20) / spoken_level(x)
    room = resample_poly(noise(r, len(x) * SR // RATE + 4), 1, SR // RATE)[:len(x)]
    x = x + room / room.std() * 10 ** ((SPEECH_LEVEL - snr) / 20)
    x = sosfilt(butter(4, [300, 3400], 'band', fs=RATE, output='sos'), x)
    hiss = np.random.default_rng(r.getrandbits(32)).standard_normal(len(x))
    return np.clip(x + hiss * 10 ** (LINE_NOISE / 20), -1, 1)


def write(path, x, tag, rate):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write_wav(path + '.part', [x], tag, rate)
    os.rename(path + '.part', path)


def people(folder, out):
    """the recordings of one folder of people"""
    name = os.path.basename(folder)
    for condition in 'clean', 'telephone':
        os.makedirs(os.path.join(out, name + '-' + condition), exist_ok=True)
        shutil.copy(folder + '.tsv', os.path.join(out, name + '-' + condition + '.tsv'))
    for path in sorted(glob.glob(os.path.join(folder, '*.wav'))):
        rate, x = wavfile.read(path)
        base, r = os.path.basename(path), random.Random(os.path.basename(path))
        shutil.copy(path, os.path.join(out, name + '-clean', base))
        x = resample_poly(x / 32768, SPOKEN, rate)
        write(os.path.join(out, name + '-telephone', base), telephone(r, x, CONDITIONS['telephone']), ALAW, RATE)


def main():
    tts, out, lines = sys.argv[1:4]
    for table in sorted(glob.glob(os.path.join(sys.argv[4], '*.tsv'))) if sys.argv[4:] else []:
        people(table[:-len('.tsv')], os.path.join(out, 'people'))
    speaker = None
    for line in list(open(lines, encoding='utf8'))[1:]:
        name, voice, _, text = line.rstrip('\n').split('\t')
        paths = {c: os.path.join(out, c, name + '.wav') for c in CONDITIONS}
        if all(os.path.exists(p) for p in paths.values()):
            continue
        r = random.Random(name + text)
        speaker = speaker or Speaker(tts)
        x = margins(r, speaker.say(text, voice, r.uniform(.95, 1.2)), SPOKEN)
        for condition, path in paths.items():
            if CONDITIONS[condition] is None:
                y = resample_poly(x, 2, 3)
                write(path, np.clip(y * 10 ** (SPEECH_LEVEL / 20) / spoken_level(y), -1, 1), PCM, SR)
            else:
                write(path, telephone(r, x, CONDITIONS[condition]), ALAW, RATE)


if __name__ == '__main__':
    main()

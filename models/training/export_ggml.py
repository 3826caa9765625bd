"""usage: export_ggml.py DATA_DIR CKPT.pt OUT.bin [f16|q8_0|q5_1|q5_0|q4_1|q4_0]

Writes whisper.cpp's ggml file. Quantised weights follow ggml's block formats.
"""
import struct, sys
import numpy as np
import torch
from batches import Vocab
from features import FILTERS
from model import Config, sinusoids

FTYPE = dict(f32=0, f16=1, q4_0=2, q4_1=3, q8_0=7, q5_0=8, q5_1=9)
GTYPE = dict(f32=0, f16=1, q4_0=2, q4_1=3, q5_0=6, q5_1=7, q8_0=8)
MAGIC = 0x67676d6c
QUANTISATION = 2000                                       # version 2, in thousands
TEXT_CONTEXT = 256                                        # whisper.cpp decodes at most half of it less 4 tokens at a time


def f16_bytes(v):
    return v.astype(np.float16)[:, None].view(np.uint8).reshape(-1, 2)


def inverse(d):
    """of a step as it is stored, 0 for a block of zeros"""
    d = d.astype(np.float16).astype(np.float32)
    return np.divide(1, d, out=np.zeros_like(d), where=d != 0)[:, None]


def quantize(a, kind):
    x = np.ascontiguousarray(a, np.float32).reshape(-1, 32)
    if kind == 'q8_0':
        d = np.abs(x).max(1) / 127
        q = np.round(x * np.divide(1, d, out=np.zeros_like(d), where=d != 0)[:, None]).astype(np.int8)
        return np.concatenate([f16_bytes(d), q.view(np.uint8)], 1).tobytes()
    bits = int(kind[1])
    if kind.endswith('_1'):                               # step and least value
        top = 2 ** bits - 1
        lo = x.min(1)
        d = (x.max(1) - lo) / top
        low = lo.astype(np.float16).astype(np.float32)[:, None]
        q = np.round((x - low) * inverse(d)).clip(0, top).astype(np.uint8)
        head = [f16_bytes(d), f16_bytes(lo)]
    else:                                                 # step alone, of the sign that suits the largest
        half = 2 ** (bits - 1)
        largest = x[np.arange(len(x)), np.abs(x).argmax(1)]
        d = largest / -half
        q = np.round(x * inverse(d) + half).clip(0, 2 * half - 1).astype(np.uint8)
        head = [f16_bytes(d)]
    if bits == 5:
        high = ((q >> 4).astype(np.uint32) << np.arange(32, dtype=np.uint32)[None]).sum(1).astype(np.uint32)
        head.append(high[:, None].view(np.uint8).reshape(-1, 4))
    return np.concatenate(head + [(q[:, :16] & 15) | ((q[:, 16:] & 15) << 4)], 1).tobytes()


def tensors(sd, c, vocab):
    """name -> weights, in whisper.cpp's order; fused matrices come apart, and LayerNorms
    get the gain and bias they were trained without"""
    d = c.n_state
    T = {'encoder.positional_embedding': sinusoids(c.n_audio_ctx, d).numpy()}

    def linear(dst, w, b):
        T[dst + '.weight'] = w
        if b is not None:
            T[dst + '.bias'] = b

    def norm(dst):
        linear(dst, np.ones(d, np.float32), np.zeros(d, np.float32))

    def attention(dst, q, k, v, src, qb, vb):
        linear(dst + '.query', q, sd[src + qb])
        linear(dst + '.key', k, None)
        linear(dst + '.value', v, sd[src + vb])

    def block(dst):
        s = dst
        attention(dst + 'attn', *np.split(sd[s + 'qkv_w'], 3), s, 'q_b', 'v_b')
        linear(dst + 'attn.out', sd[s + 'out_w'], sd[s + 'out_b'])
        norm(dst + 'attn_ln')
        if dst.startswith('decoder'):
            attention(dst + 'cross_attn', sd[s + 'cq_w'], *np.split(sd[s + 'ckv_w'], 2), s, 'cq_b', 'cv_b')
            linear(dst + 'cross_attn.out', sd[s + 'cout_w'], sd[s + 'cout_b'])
            norm(dst + 'cross_attn_ln')
        linear(dst + 'mlp.0', sd[s + 'm0_w'], sd[s + 'm0_b'])
        linear(dst + 'mlp.2', sd[s + 'm2_w'], sd[s + 'm2_b'])
        norm(dst + 'mlp_ln')

    for k in ('conv1', 'conv2'):
        linear('encoder.' + k, sd['encoder.%s.weight' % k], sd['encoder.%s.bias' % k][:, None])
    for side, n in (('encoder', c.n_audio_layer), ('decoder', c.n_text_layer)):
        for i in range(n):
            block('%s.blocks.%d.' % (side, i))
    norm('encoder.ln_post')
    norm('decoder.ln')
    T['decoder.positional_embedding'] = sd['decoder.positional_embedding'][:TEXT_CONTEXT]
    used = sd['decoder.token_embedding']
    full = np.repeat(used[-1:], c.n_vocab, 0)
    full[vocab.ids] = used[:-1]
    T['decoder.token_embedding.weight'] = full
    return T


def write(path, kind, c, vocab, T):
    def ints(*a):
        f.write(struct.pack('<%di' % len(a), *a))

    def text(s):
        b = s.encode()
        ints(len(b))
        f.write(b)
    with open(path, 'wb') as f:
        ints(MAGIC, c.n_vocab, c.n_audio_ctx, c.n_state, c.n_head, c.n_audio_layer,
             TEXT_CONTEXT, c.n_state, c.n_head, c.n_text_layer, c.n_mels,
             FTYPE[kind] + (QUANTISATION if kind.startswith('q') else 0))
        ints(*FILTERS.shape)
        f.write(FILTERS.astype('<f4').tobytes())
        ints(len(vocab.tokens))
        for t in vocab.tokens:
            text(t)
        for name, a in T.items():
            big = a.ndim >= 2 and 'positional' not in name and not name.endswith('.bias')
            k = 'f32' if not big else 'f16' if 'conv' in name else kind
            ints(a.ndim, len(name.encode()), GTYPE[k], *reversed(a.shape))
            f.write(name.encode())
            f.write(a.astype('<f4').tobytes() if k == 'f32' else a.astype('<f2').tobytes() if k == 'f16' else quantize(a, k))


def main():
    data, ckpt, out = sys.argv[1:4]
    kind = sys.argv[4] if len(sys.argv) > 4 else 'f16'
    ck = torch.load(ckpt, map_location='cpu')
    c = Config()
    c.n_state, c.n_head = ck['state'], ck['state'] // 64
    vocab = Vocab(data)
    write(out, kind, c, vocab, tensors({k: v.float().numpy() for k, v in ck['model'].items()}, c, vocab))


if __name__ == '__main__':
    main()

//! Five compute kernels; each returns a checksum of its result.

pub type Kernel = fn(u32) -> u64;
pub const ALL: &[(&str, Kernel)] =
    &[("sha", sha), ("nbody", nbody), ("sieve", sieve), ("matmul", matmul), ("btree", btree)];

/// SHA-256 (FIPS 180-4) over 4 MiB x scale of a counter pattern.
fn sha(scale: u32) -> u64 {
    let k = primes64().map(|p| frac_root(p, 3));
    let mut h: [u32; 8] = core::array::from_fn(|i| frac_root(primes64()[i], 2));
    let mut block = [0u8; 64];
    for n in 0..(scale * 65536) {
        for (i, b) in block.iter_mut().enumerate() {
            *b = (n as usize * 31 + i * 7) as u8;
        }
        compress(&mut h, &k, &block);
    }
    (h[0] as u64) << 32 | h[7] as u64
}
fn primes64() -> [u64; 64] {
    let mut out = [0; 64];
    let (mut n, mut c) = (2u64, 0);
    while c < 64 {
        if (2..n).take_while(|d| d * d <= n).all(|d| n % d != 0) {
            out[c] = n;
            c += 1;
        }
        n += 1;
    }
    out
}
/// first 32 bits of the fractional part of the square or cube root, by integer search
fn frac_root(p: u64, k: u32) -> u32 {
    let (mut lo, mut hi) = (0u128, 1u128 << 40);
    let want = (p as u128) << (32 * k);
    while hi - lo > 1 {
        let mid = (lo + hi) / 2;
        if mid.pow(k) <= want { lo = mid } else { hi = mid }
    }
    lo as u32
}
fn compress(h: &mut [u32; 8], k: &[u32; 64], block: &[u8; 64]) {
    let mut w = [0u32; 64];
    for i in 0..16 {
        w[i] = u32::from_be_bytes(block[i * 4..i * 4 + 4].try_into().unwrap());
    }
    for i in 16..64 {
        let s0 = w[i - 15].rotate_right(7) ^ w[i - 15].rotate_right(18) ^ (w[i - 15] >> 3);
        let s1 = w[i - 2].rotate_right(17) ^ w[i - 2].rotate_right(19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1);
    }
    let mut s = *h;
    for i in 0..64 {
        let e1 = s[4].rotate_right(6) ^ s[4].rotate_right(11) ^ s[4].rotate_right(25);
        let ch = (s[4] & s[5]) ^ (!s[4] & s[6]);
        let t1 = s[7].wrapping_add(e1).wrapping_add(ch).wrapping_add(k[i]).wrapping_add(w[i]);
        let e0 = s[0].rotate_right(2) ^ s[0].rotate_right(13) ^ s[0].rotate_right(22);
        let t2 = e0.wrapping_add((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        s = [t1.wrapping_add(t2), s[0], s[1], s[2], s[3].wrapping_add(t1), s[4], s[5], s[6]];
    }
    for i in 0..8 {
        h[i] = h[i].wrapping_add(s[i]);
    }
}

/// 16 bodies, softened gravity, leapfrog; the sum of the position bits.
fn nbody(scale: u32) -> u64 {
    const N: usize = 16;
    let mut p: [[f64; 3]; N] = core::array::from_fn(|i| {
        let a = i as f64;
        [(a * 1.7) % 5.0 - 2.5, (a * 2.3) % 7.0 - 3.5, (a * 0.9) % 3.0 - 1.5]
    });
    let mut v = [[0f64; 3]; N];
    for _ in 0..scale * 20_000 {
        for i in 0..N {
            let mut acc = [0f64; 3];
            for j in 0..N {
                if i != j {
                    let d = [p[j][0] - p[i][0], p[j][1] - p[i][1], p[j][2] - p[i][2]];
                    let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + 0.05;
                    let inv = 1.0 / (r2 * r2.sqrt());
                    for c in 0..3 {
                        acc[c] += d[c] * inv;
                    }
                }
            }
            for c in 0..3 {
                v[i][c] += acc[c] * 1e-4;
            }
        }
        for i in 0..N {
            for c in 0..3 {
                p[i][c] += v[i][c] * 1e-4;
            }
        }
    }
    p.iter().flatten().fold(0u64, |a, x| a.rotate_left(5) ^ x.to_bits())
}

/// primes below 2 000 000 x scale
fn sieve(scale: u32) -> u64 {
    let n = 2_000_000 * scale as usize;
    let mut composite = vec![false; n];
    let mut count = 0u64;
    for i in 2..n {
        if !composite[i] {
            count += 1;
            let mut j = i.saturating_mul(i);
            while j < n {
                composite[j] = true;
                j += i;
            }
        }
    }
    count
}

/// f32 matrix product, 192 x 192, scale x 8 times
fn matmul(scale: u32) -> u64 {
    const N: usize = 192;
    let mut a: Vec<f32> = (0..N * N).map(|i| ((i * 37) % 101) as f32 / 101.0).collect();
    let b: Vec<f32> = (0..N * N).map(|i| ((i * 53) % 97) as f32 / (97.0 * N as f32)).collect();
    for _ in 0..scale * 8 {
        let mut c = vec![0f32; N * N];
        for i in 0..N {
            for k in 0..N {
                let x = a[i * N + k];
                for j in 0..N {
                    c[i * N + j] += x * b[k * N + j];
                }
            }
        }
        a = c;
    }
    a.iter().fold(0u64, |s, x| s.rotate_left(3) ^ x.to_bits() as u64)
}

/// allocation-heavy: insert and remove in a BTreeMap with string keys
fn btree(scale: u32) -> u64 {
    let mut m = std::collections::BTreeMap::new();
    let (mut x, mut sum) = (88172645463325252u64, 0u64);
    for _ in 0..scale * 100_000 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        let key = format!("k{}", x % 20_000);
        if x & 3 == 0 {
            sum = sum.wrapping_add(m.remove(&key).unwrap_or(1));
        } else {
            *m.entry(key).or_insert(0u64) += x >> 40;
        }
    }
    m.values().fold(sum, |s, v| s.wrapping_mul(31).wrapping_add(*v))
}

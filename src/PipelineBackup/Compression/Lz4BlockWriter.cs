using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PipelineBackup.Compression;

/// <summary>Writes a block of the LZ4 format, drawn at <see cref="Lz4BlockReader"/>.</summary>
/// <remarks>
/// A table remembers the last place of each hash of five bytes; a candidate counts when it is near enough and its first
/// four bytes are the same. Where nothing matches, the search takes ever longer steps. The table is 16 KiB on the
/// stack: it stays in the first-level cache beside the data, and every block starts from the same empty one, so a
/// block depends on nothing but its source.
/// </remarks>
internal static unsafe class Lz4BlockWriter
{
    private const int HashBits = 12;
    private const int MinMatch = 4, LongRun = 15, MaxDistance = 65535;

    /// <summary>A match starts at least so far before the end…</summary>
    private const int LastMatchStart = 12;

    /// <summary>…and leaves at least so many literals behind it.</summary>
    private const int LastLiterals = 5;

    /// <summary>Every so many misses in a row the search steps one byte further.</summary>
    private const int MissesPerStep = 64;

    /// <summary>Writes one block.</summary>
    /// <param name="source">The plain bytes.</param>
    /// <param name="length">How many, at least 1.</param>
    /// <param name="destination">Where the block goes.</param>
    /// <param name="capacity">Room there.</param>
    /// <returns>Length of the block; 0 when it does not fit.</returns>
    [SkipLocalsInit]
    public static int Write(byte* source, int length, byte* destination, int capacity)
    {
        byte* output = destination, outputEnd = destination + capacity, rest = source;
        if (length > LastMatchStart)
        {
            uint* table = stackalloc uint[1 << HashBits];
            new Span<uint>(table, 1 << HashBits).Clear();
            output = WriteSequences(source, source + length, table, output, outputEnd, &rest);
            if (output == null)
                return 0;
        }

        nint run = (nint)(source + length - rest);
        output = WriteLiterals(rest, run, output, outputEnd);
        return output == null ? 0 : (int)(output - destination);
    }

    /// <summary>Writes every sequence that has a match, and says where the literals of the last one start.</summary>
    /// <returns>Where the last sequence goes; null when they do not fit.</returns>
    /// <remarks>
    /// One long method because its locals live in registers. Bounds: every place that is hashed lies at least 12 bytes
    /// before the end, so eight can be read; the table holds only places already passed, so a candidate lies before the
    /// place that it is compared with, and that one never passes <see cref="LastLiterals"/> before the end.
    /// </remarks>
    private static byte* WriteSequences(
        byte* source, byte* end, uint* table, byte* output, byte* outputEnd, byte** rest)
    {
        byte* lastStart = end - LastMatchStart;
        byte* literals = source;
        byte* at = source + 1;              // an empty slot says place 0
        while (at <= lastStart)
        {
            byte* match;
            nint step = 1;
            uint misses = MissesPerStep;
            while (true)
            {
                ulong bytes = Unsafe.ReadUnaligned<ulong>(at);
                uint slot = Slot(bytes);
                match = source + table[slot];
                table[slot] = (uint)(at - source);
                if (Unsafe.ReadUnaligned<uint>(match) == (uint)bytes && at - match <= MaxDistance)
                    break;
                at += step;
                if (at > lastStart)
                    goto End;
                step = (nint)(misses++ / MissesPerStep);
            }

            while (at > literals && match > source && at[-1] == match[-1])
            {
                at--;
                match--;
            }

            byte* token = output;
            nint run = (nint)(at - literals);
            if (run < LongRun && outputEnd - output >= 1 + 16 + 2 && end - literals >= 16)
            {
                *output = (byte)(run << 4);
                Vector128.Load(literals).Store(output + 1);
                output += 1 + run;
            }
            else
            {
                output = WriteLiterals(literals, run, output, outputEnd - 2);
                if (output == null)
                    return null;
            }

            while (true)
            {
                Unsafe.WriteUnaligned(output, (ushort)(at - match));
                output += 2;
                nint length = SameBytes(at + MinMatch, match + MinMatch, end - LastLiterals);
                at += MinMatch + length;
                if (length < LongRun)
                {
                    *token |= (byte)length;
                }
                else
                {
                    *token |= LongRun;
                    output = WriteLength(length, output, outputEnd);
                    if (output == null)
                        return null;
                }

                literals = at;
                if (at > lastStart)
                    goto End;

                // Another match right here needs no search.
                table[Slot(Unsafe.ReadUnaligned<ulong>(at - 2))] = (uint)(at - 2 - source);
                ulong bytes = Unsafe.ReadUnaligned<ulong>(at);
                uint slot = Slot(bytes);
                match = source + table[slot];
                table[slot] = (uint)(at - source);
                if (Unsafe.ReadUnaligned<uint>(match) != (uint)bytes || at - match > MaxDistance)
                    break;
                if (outputEnd - output < 1 + 2)
                    return null;
                token = output++;
                *token = 0;
            }

            at++;
        }

    End:
        *rest = literals;
        return output;
    }

    /// <summary>Slot of the first five of eight bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Slot(ulong bytes) => (uint)((bytes << 24) * 0x9E37_79B9_7F4A_7C15 >> (64 - HashBits));

    /// <summary>How many bytes are the same at two places; <paramref name="end"/> bounds the later one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint SameBytes(byte* at, byte* match, byte* end)
    {
        if (end - at >= 8)
        {
            ulong difference = Unsafe.ReadUnaligned<ulong>(at) ^ Unsafe.ReadUnaligned<ulong>(match);
            if (difference != 0)
                return BitOperations.TrailingZeroCount(difference) >> 3;
        }

        return ManySameBytes(at, match, end);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static nint ManySameBytes(byte* at, byte* match, byte* end)
    {
        byte* start = at;
        for (; Vector256.IsHardwareAccelerated && end - at >= 32; at += 32, match += 32)
        {
            uint same = Vector256.Equals(Vector256.Load(at), Vector256.Load(match)).ExtractMostSignificantBits();
            if (same != uint.MaxValue)
                return (nint)(at - start) + BitOperations.TrailingZeroCount(~same);
        }

        for (; end - at >= 8; at += 8, match += 8)
        {
            ulong difference = Unsafe.ReadUnaligned<ulong>(at) ^ Unsafe.ReadUnaligned<ulong>(match);
            if (difference != 0)
                return (nint)(at - start) + (BitOperations.TrailingZeroCount(difference) >> 3);
        }

        while (at < end && *at == *match)
        {
            at++;
            match++;
        }

        return (nint)(at - start);
    }

    /// <summary>Writes a token with its count of literals, and the literals.</summary>
    /// <returns>The place after them; null when they do not fit.</returns>
    private static byte* WriteLiterals(byte* literals, nint run, byte* output, byte* outputEnd)
    {
        if (outputEnd - output < 1 + run)
            return null;
        *output = (byte)(Math.Min(run, LongRun) << 4);
        output++;
        if (run >= LongRun)
        {
            output = WriteLength(run, output, outputEnd - run);
            if (output == null)
                return null;
        }

        Unsafe.CopyBlockUnaligned(output, literals, (uint)run);
        return output + run;
    }

    /// <summary>Writes what a length has above the 15 of its token.</summary>
    /// <returns>The place after it; null when it does not fit.</returns>
    private static byte* WriteLength(nint length, byte* output, byte* outputEnd)
    {
        nint more = length - LongRun, full = more / 255;
        if (outputEnd - output <= full)
            return null;
        Unsafe.InitBlockUnaligned(output, 255, (uint)full);
        output[full] = (byte)(more - full * 255);
        return output + full + 1;
    }
}

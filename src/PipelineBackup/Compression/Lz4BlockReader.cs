using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PipelineBackup.Compression;

/// <summary>Reads a block of the LZ4 format.</summary>
/// <remarks>
/// <code>
/// sequence   1      token: count of literals (high half), length of the match less 4 (low half)
///            0…     where the high half is 15: bytes to add to it, up to and including the first below 255
///            n      literals
///            2      distance of the match, 1 to 65535, counted back from here   } absent in
///            0…     where the low half is 15: bytes to add to it, as above      } the last one
/// </code>
/// A block ends with literals. Where a match went before, it started at least 12 bytes before the end and at least five
/// literals follow it, which is what lets readers copy in large strides. As in the library these rules are held against
/// the ends of both buffers, so the two readers accept the same blocks; but a distance of zero is refused here.
/// <para>Bounds: <see cref="Read"/> strides while both sides have room to spare; <see cref="ReadCarefully"/> does the
/// rest to the exact byte. A wild copy may write beyond its length, never beyond the
/// destination.</para>
/// </remarks>
internal static unsafe class Lz4BlockReader
{
    private const int LongRun = 15, MinMatch = 4;

    /// <summary>A match starts at least so far before the end of the plain bytes…</summary>
    private const int LastMatchStart = 12;

    /// <summary>…and at least so many literals follow it, with their token.</summary>
    private const int LastLiterals = 5, Ending = 1 + LastLiterals;

    /// <summary>
    /// What is left to read at the head of a fast sequence: token, 14 literals, distance, and the ending.
    /// </summary>
    private const int FastInput = 1 + 14 + 2 + Ending;

    /// <summary>
    /// What is left to write there: 14 literals, a match of 18, the last match's distance from the end, and strides.
    /// </summary>
    private const int FastOutput = 64;

    private const int Stride = 32;

    // For distances below 16: where in the period each of the 16 bytes of a stride comes from, and the greatest
    // multiple of the distance in 16, which is how far a stride may advance.
    private static ReadOnlySpan<byte> Periods =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
        0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
        0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
        0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0,
        0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3,
        0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1,
        0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
    ];

    private static ReadOnlySpan<byte> Advances => [0, 16, 16, 15, 16, 15, 12, 14, 16, 9, 10, 11, 12, 13, 14, 15];

    /// <summary>Reads one block.</summary>
    /// <param name="source">The block.</param>
    /// <param name="sourceLength">Its length, at least 1.</param>
    /// <param name="destination">Where the plain bytes go.</param>
    /// <param name="capacity">Room there, at least 1.</param>
    /// <returns>Count of plain bytes; -1 when the block is malformed or holds more.</returns>
    public static int Read(byte* source, int sourceLength, byte* destination, int capacity)
    {
        byte* input = source, inputEnd = source + sourceLength;
        byte* output = destination, outputEnd = destination + capacity;

        while (inputEnd - input >= FastInput && outputEnd - output >= FastOutput)
        {
            uint token = *input;
            nint run = (nint)(token >> 4);
            if (run != LongRun)
            {
                Vector128.Load(input + 1).Store(output);
                input += 1 + run;
            }
            else
            {
                byte* after = SkipLength(input + 1, inputEnd);
                if (after == null)
                    return -1;
                long length = Length(input + 1, after);
                if (length + Stride > inputEnd - after || length + FastOutput > outputEnd - output)
                    break;
                run = (nint)length;
                CopyWild(after, output, run);
                input = after + run;
            }

            output += run;
            nint distance = Unsafe.ReadUnaligned<ushort>(input);
            input += 2;
            if ((nuint)(distance - 1) >= (nuint)(output - destination))
                return -1;

            nint match = (nint)(token & 15);
            if (match != LongRun && distance >= 16)
            {
                // At most 18 bytes, and the first 16 are there before the last two are wanted.
                byte* from = output - distance;
                Vector128.Load(from).Store(output);
                Unsafe.WriteUnaligned(output + 16, Unsafe.ReadUnaligned<ushort>(from + 16));
                output += match + MinMatch;
                continue;
            }

            if (match == LongRun)
            {
                byte* after = SkipLength(input, inputEnd - Ending);
                if (after == null)
                    return -1;
                long length = Length(input, after);
                if (length + MinMatch + LastLiterals > outputEnd - output)
                    return -1;
                input = after;
                match = (nint)length;
            }

            CopyMatch(output, distance, match + MinMatch, outputEnd);
            output += match + MinMatch;
        }

        return ReadCarefully(input, inputEnd, destination, output, outputEnd);
    }

    private static int ReadCarefully(byte* input, byte* inputEnd, byte* destination, byte* output, byte* outputEnd)
    {
        while (input < inputEnd)
        {
            uint token = *input++;
            long run = token >> 4;
            if (run == LongRun)
            {
                byte* after = SkipLength(input, inputEnd);
                if (after == null)
                    return -1;
                run = Length(input, after);
                input = after;
            }

            if (run > inputEnd - input || run > outputEnd - output)
                return -1;
            Buffer.MemoryCopy(input, output, outputEnd - output, run);
            input += run;
            output += run;
            if (input == inputEnd)
                return (int)(output - destination);
            if (inputEnd - input < 2 + Ending || outputEnd - output < LastMatchStart)
                return -1;

            nint distance = Unsafe.ReadUnaligned<ushort>(input);
            input += 2;
            if (distance == 0 || distance > output - destination)
                return -1;

            long match = token & 15;
            if (match == LongRun)
            {
                byte* after = SkipLength(input, inputEnd - Ending);
                if (after == null)
                    return -1;
                match = Length(input, after);
                input = after;
            }

            match += MinMatch;
            if (match + LastLiterals > outputEnd - output)
                return -1;
            CopyMatch(output, distance, (nint)match, outputEnd);
            output += match;
        }

        return -1;
    }

    /// <summary>Where a length that goes on ends; null when the block ends first.</summary>
    private static byte* SkipLength(byte* at, byte* end)
    {
        while (at < end)
        {
            if (*at++ != 255)
                return at;
        }

        return null;
    }

    /// <summary>
    /// The length that the bytes between two places, all but the last 255, say together with the token's 15.
    /// </summary>
    private static long Length(byte* from, byte* after) => LongRun + (after - from - 1) * 255L + after[-1];

    /// <summary>Copies in strides of 32; reads and writes up to 31 bytes too many.</summary>
    private static void CopyWild(byte* from, byte* to, nint length)
    {
        for (nint at = 0; at < length; at += Stride)
        {
            Vector128.Load(from + at).Store(to + at);
            Vector128.Load(from + at + 16).Store(to + at + 16);
        }
    }

    /// <summary>
    /// Repeats what lies some distance back; <paramref name="end"/> is the end of the destination, at least 5 bytes
    /// after the match.
    /// </summary>
    private static void CopyMatch(byte* to, nint distance, nint length, byte* end)
    {
        // The last stride starts a whole one before the end; what is left goes byte by byte.
        byte* last = to + Math.Min(length, end - to - (Stride - 1));
        byte* stop = to + length;
        if (distance >= Stride)
        {
            for (; to < last; to += Stride)
            {
                Vector128<byte> low = Vector128.Load(to - distance), high = Vector128.Load(to - distance + 16);
                low.Store(to);
                high.Store(to + 16);
            }
        }
        else if (distance >= 16)
        {
            for (; to < last; to += 16)
                Vector128.Load(to - distance).Store(to);
        }
        else if (to < last)
        {
            // The loaded bytes past the period are not written yet; the shuffle takes none of them.
            Vector128<byte> period = Vector128.LoadUnsafe(in Periods[(int)distance * 16]);
            Vector128<byte> stride = Vector128.ShuffleNative(Vector128.Load(to - distance), period);
            for (nint advance = Advances[(int)distance]; to < last; to += advance)
                stride.Store(to);
        }

        for (; to < stop; to++)
            *to = to[-distance];
    }
}

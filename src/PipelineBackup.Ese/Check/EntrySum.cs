using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>
/// A sum over index entries that does not depend on their order: what the rows call for, taken in the order of the rows,
/// compares with what the index holds, taken in the order of the index. No entry is kept.
/// </summary>
internal struct EntrySum
{
    private const ulong Salt = 0x9E3779B97F4A7C15, Twist = 0xD6E8FEB86659FD93;

    private ulong _sum;

    /// <summary>How many entries.</summary>
    public long Count { get; private set; }

    /// <summary>Adds an entry.</summary>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> bookmark)
    {
        Count++;
        _sum += Hash(bookmark, Hash(key, Salt));
    }

    /// <summary>Whether two sums are of the same entries.</summary>
    public readonly bool Agrees(EntrySum other) => Count == other.Count && _sum == other._sum;

    private static ulong Hash(ReadOnlySpan<byte> bytes, ulong seed)
    {
        ulong hash = Mix(seed ^ (uint)bytes.Length, Twist);
        for (; bytes.Length >= 8; bytes = bytes[8..])
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes), Twist);
        ulong rest = 0;
        for (int i = 0; i < bytes.Length; i++)
            rest |= (ulong)bytes[i] << (8 * i);
        return Mix(hash ^ rest, Salt);
    }

    private static ulong Mix(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low ^ a;
    }
}

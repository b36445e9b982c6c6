using System.Numerics;

namespace PipelineBackup.Ese;

/// <summary>A set of the pages of one file, a bit each: 32 MiB for a terabyte of pages of 4096 bytes.</summary>
internal sealed class PageSet
{
    private readonly ulong[] _bits;

    /// <summary>An empty set.</summary>
    /// <param name="last">The last page that can be in it.</param>
    public PageSet(PageNumber last) => _bits = new ulong[last.Value / 64 + 1];

    /// <summary>Whether a page is in the set.</summary>
    public bool Contains(PageNumber page) =>
        page.Value / 64 < (uint)_bits.Length && (_bits[page.Value / 64] >> (int)(page.Value % 64) & 1) != 0;

    /// <summary>Adds a page.</summary>
    /// <returns>False when it was in the set, or cannot be.</returns>
    public bool Add(PageNumber page)
    {
        if (page.Value / 64 >= (uint)_bits.Length || Contains(page))
            return false;
        _bits[page.Value / 64] |= 1ul << (int)(page.Value % 64);
        return true;
    }

    /// <summary>Adds a run of pages that lies in the file.</summary>
    /// <returns>The first page of it that was in the set already; none when none was.</returns>
    public PageNumber Add(PageExtent extent)
    {
        var already = PageNumber.None;
        foreach (var (word, mask) in new Words(extent))
        {
            already = already == PageNumber.None ? Lowest(word, _bits[word] & mask) : already;
            _bits[word] |= mask;
        }

        return already;
    }

    /// <summary>Takes a run of pages out.</summary>
    public void Remove(PageExtent extent)
    {
        foreach (var (word, mask) in new Words(extent))
            _bits[word] &= ~mask;
    }

    /// <summary>The first page of a run that is in the set; none when none is.</summary>
    public PageNumber FirstOf(PageExtent extent)
    {
        foreach (var (word, mask) in new Words(extent))
        {
            if ((_bits[word] & mask) != 0)
                return Lowest(word, _bits[word] & mask);
        }

        return PageNumber.None;
    }

    /// <summary>The first page of a run that is not in the set; none when all are.</summary>
    public PageNumber FirstMissing(PageExtent extent)
    {
        foreach (var (word, mask) in new Words(extent))
        {
            if ((~_bits[word] & mask) != 0)
                return Lowest(word, ~_bits[word] & mask);
        }

        return PageNumber.None;
    }

    /// <summary>Counts the pages of a run that are in neither of two sets.</summary>
    /// <param name="other">The other set; null is an empty one.</param>
    /// <param name="extent">The run.</param>
    /// <param name="first">The first of them; none when there are none.</param>
    public long CountInNeither(PageSet? other, PageExtent extent, out PageNumber first)
    {
        long count = 0;
        first = PageNumber.None;
        foreach (var (word, mask) in new Words(extent))
        {
            ulong missing = ~(_bits[word] | (other is null ? 0 : other._bits[word])) & mask;
            first = first == PageNumber.None ? Lowest(word, missing) : first;
            count += BitOperations.PopCount(missing);
        }

        return count;
    }

    private static PageNumber Lowest(int word, ulong bits) => bits == 0
        ? PageNumber.None
        : new((uint)word * 64 + (uint)BitOperations.TrailingZeroCount(bits));

    /// <summary>The words that a run of pages touches, with the bits of its pages.</summary>
    private ref struct Words(PageExtent extent)
    {
        private ulong _next = extent.First.Value;
        private readonly ulong _end = extent.Count == 0 ? 0 : extent.Last.Value + 1ul;

        public (int Word, ulong Mask) Current { get; private set; }

        public readonly Words GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_next >= _end)
                return false;
            int word = (int)(_next / 64), from = (int)(_next % 64);
            int bits = (int)Math.Min(64 - (uint)from, _end - _next);
            Current = (word, ulong.MaxValue >> (64 - bits) << from);
            _next += (uint)bits;
            return true;
        }
    }
}

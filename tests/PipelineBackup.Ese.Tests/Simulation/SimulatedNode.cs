namespace PipelineBackup.Ese.Tests.Simulation;

/// <summary>
/// The content of a file, in blocks that are shared until they are written: what readers see, what is safe, and what
/// each block was in between.
/// </summary>
internal sealed class SimulatedNode
{
    private readonly Dictionary<int, Unsynced> _unsynced = [];
    // What no list names is a block of zeros.
    private Memory<byte>[] _blocks;
    private Memory<byte>[] _safe;
    private readonly List<long> _lengths = [];

    /// <summary>A file with a content that is safe.</summary>
    /// <param name="content">The bytes; shared, never changed.</param>
    public SimulatedNode(byte[] content)
    {
        Length = SafeLength = content.Length;
        _blocks = new Memory<byte>[Blocks(content.Length)];
        for (int i = 0; i < _blocks.Length; i++)
        {
            int at = i * Block, size = Math.Min(Block, content.Length - at);
            _blocks[i] = content.AsMemory(at, size);
            if (size < Block)
            {
                byte[] last = new byte[Block];
                content.AsSpan(at).CopyTo(last);
                _blocks[i] = last;
            }
        }

        _safe = [.. _blocks];
    }

    private SimulatedNode(SimulatedNode other)
    {
        (Length, SafeLength) = (other.Length, other.SafeLength);
        (_blocks, _safe) = ([.. other._blocks], [.. other._safe]);
        _lengths.AddRange(other._lengths);
        foreach (var (block, unsynced) in other._unsynced)
            _unsynced[block] = new([.. unsynced.Versions]);
    }

    /// <summary>Bytes of a block.</summary>
    public const int Block = 4096;

    /// <summary>Bytes that any disk writes whole or not at all.</summary>
    public const int Sector = 512;

    /// <summary>Length in bytes, as readers see it.</summary>
    public long Length { get; private set; }

    /// <summary>Length in bytes that survives.</summary>
    public long SafeLength { get; private set; }

    /// <summary>Whether all is safe.</summary>
    public bool IsSafe => _unsynced.Count == 0 && Length == SafeLength;

    /// <summary>How many open handles may write.</summary>
    public int Writers { get; set; }

    /// <summary>The same file once more, to be changed apart.</summary>
    public SimulatedNode Copy() => new(this);

    public int Read(Span<byte> buffer, long offset)
    {
        int count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        for (int done = 0; done < count;)
        {
            var (block, at) = Math.DivRem(offset + done, Block);
            int size = (int)Math.Min(Block - at, count - done);
            Take(_blocks, (int)block, (int)at, buffer.Slice(done, size));
            done += size;
        }

        return count;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        if (bytes.IsEmpty)
            return;
        if (offset + bytes.Length > Length)
            SetLength(offset + bytes.Length);
        while (!bytes.IsEmpty)
        {
            var (block, at) = Math.DivRem(offset, Block);
            int size = (int)Math.Min(Block - at, bytes.Length);
            if (size == Block)
                Replace((int)block, bytes[..size].ContainsAnyExcept((byte)0) ? bytes[..size].ToArray() : default);
            else
                bytes[..size].CopyTo(ToBeChanged((int)block).Span[(int)at..]);
            offset += size;
            bytes = bytes[size..];
        }
    }

    public void SetLength(long length)
    {
        if (length == Length)
            return;
        _lengths.Add(Length);
        long cut = Math.Min(length, Length);
        Length = length;
        int blocks = Blocks(length);
        if (blocks > _blocks.Length)
            Array.Resize(ref _blocks, Math.Max(blocks, _blocks.Length * 5 / 4));
        if (length > cut)
            return;
        // What is cut off is zero when the file grows again.
        int tail = (int)(cut % Block);
        if (tail > 0)
            ToBeChanged(Blocks(cut) - 1).Span[tail..].Clear();
        for (int i = Blocks(cut); i < _blocks.Length; i++)
        {
            if (!_blocks[i].IsEmpty)
                Replace(i, default);
        }
    }

    public void Flush()
    {
        if (_safe.Length < _blocks.Length)
            Array.Resize(ref _safe, _blocks.Length);
        foreach (int block in _unsynced.Keys)
            _safe[block] = _blocks[block];
        _unsynced.Clear();
        _lengths.Clear();
        SafeLength = Length;
    }

    /// <summary>All bytes, as readers see them.</summary>
    public byte[] ToArray()
    {
        byte[] all = new byte[Length];
        Read(all, 0);
        return all;
    }

    /// <summary>Leaves what the crash leaves, all of it safe.</summary>
    /// <param name="kind">How it happened.</param>
    /// <param name="random">Chance.</param>
    /// <param name="unit">Bytes that are written whole or not at all, from 512 on.</param>
    /// <param name="head">Bytes from the start of which any sector may be written or not.</param>
    public void Crash(CrashKind kind, Random random, int unit, long head = 0)
    {
        if (kind != CrashKind.Kill && !IsSafe)
        {
            long length = kind == CrashKind.AllLost ? SafeLength : random.Pick([SafeLength, Length, .. _lengths]);
            if (_safe.Length < _blocks.Length)
                Array.Resize(ref _safe, _blocks.Length);
            var left = (Memory<byte>[])_safe.Clone();
            if (kind == CrashKind.PowerLoss)
                KeepSome(left, random, unit, head);
            (_blocks, Length) = (left, Math.Max(length, Length));
            SetLength(length);
        }

        Flush();
        Writers = 0;
    }

    private void KeepSome(Memory<byte>[] left, Random random, int unit, long head)
    {
        int perUnit = Math.Max(1, unit / Block), share = random.Next(1, 10);
        foreach (var group in _unsynced.GroupBy(entry => entry.Key / perUnit))
        {
            // With sectors alone hardly a block would ever be whole.
            bool isTorn = unit < Block || ((long)group.Key * perUnit * Block < head && random.OneIn(2));
            if (!isTorn)
            {
                // A unit of several blocks: as it stands, or as it was.
                if (random.Next(10) >= share)
                    continue;
                bool older = perUnit == 1 && random.OneIn(3);
                foreach (var (block, unsynced) in group)
                    left[block] = older ? random.Pick([.. unsynced.Versions]) : _blocks[block];
            }
            else
            {
                foreach (var (block, unsynced) in group)
                    left[block] = Torn(left[block], [.. unsynced.Versions, _blocks[block]], random, unit < Block ? unit : Sector);
            }
        }
    }

    private static byte[] Torn(Memory<byte> safe, Memory<byte>[] versions, Random random, int unit)
    {
        byte[] torn = new byte[Block];
        safe.CopyTo(torn);
        for (int at = 0; at < Block; at += unit)
        {
            var version = random.Pick([safe, .. versions]);
            if (version.IsEmpty)
                torn.AsSpan(at, unit).Clear();
            else
                version.Slice(at, unit).CopyTo(torn.AsMemory(at));
        }

        return torn;
    }

    private static int Blocks(long length) => (int)((length + Block - 1) / Block);

    private static void Take(Memory<byte>[] blocks, int block, int at, Span<byte> buffer)
    {
        if (block >= blocks.Length || blocks[block].IsEmpty)
            buffer.Clear();
        else
            blocks[block].Span.Slice(at, buffer.Length).CopyTo(buffer);
    }

    private Memory<byte> ToBeChanged(int block)
    {
        byte[] fresh = new byte[Block];
        _blocks[block].CopyTo(fresh);
        Replace(block, fresh);
        return fresh;
    }

    private void Replace(int block, Memory<byte> fresh)
    {
        if (!_unsynced.TryGetValue(block, out var unsynced))
            _unsynced[block] = unsynced = new([]);
        // Of a block that is written over and over the latest versions will do.
        if (unsynced.Versions.Count == 3)
            unsynced.Versions.RemoveAt(0);
        unsynced.Versions.Add(_blocks[block]);
        _blocks[block] = fresh;
    }

    /// <summary>A block that is not safe: what it was before each write since the last flush.</summary>
    private sealed record Unsynced(List<Memory<byte>> Versions);
}

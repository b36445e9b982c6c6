using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>
/// Blocks of bytes of which only so many stay in memory: the others go to a temporary file, which is made when the
/// first has to and is deleted at the end.
/// </summary>
/// <param name="disk">Where the file is.</param>
/// <param name="path">The file; what a killed run left there is deleted.</param>
/// <param name="memoryBytes">Memory for blocks; a few are kept whatever it says.</param>
/// <param name="blockBytes">Length of a block, a power of two.</param>
internal sealed class ScratchMemory(IDisk disk, string path, long memoryBytes, int blockBytes = 16 << 10) : IDisposable
{
    private const int LeastBlocks = 4;

    private readonly long _most = Math.Max(LeastBlocks, memoryBytes / blockBytes);
    private readonly List<Block> _blocks = [];
    private readonly Stack<int> _free = new();

    // Those in memory; the hand goes round and passes over what was used since it came by.
    private readonly List<int> _resident = [];
    private int _hand;
    private byte[]? _spare;
    private IDiskFile? _file;

    /// <summary>Length of a block.</summary>
    public int BlockBytes { get; } = blockBytes;

    /// <summary>Blocks that are in memory.</summary>
    public int ResidentBlocks => _resident.Count;

    /// <summary>Whether nothing is written to the file now, however much memory that takes.</summary>
    public bool IsHeldBack { get; set; }

    /// <summary>How often a block was written to the file.</summary>
    public long Spills { get; private set; }

    /// <summary>Takes a block, whose bytes are undefined.</summary>
    /// <returns>Its number.</returns>
    public int Take()
    {
        if (!_free.TryPop(out int block))
        {
            block = _blocks.Count;
            _blocks.Add(default);
        }

        byte[] memory = Room(block);
        CollectionsMarshal.AsSpan(_blocks)[block] =
            new() { Memory = memory, Place = _resident.Count - 1, IsUsed = true };
        return block;
    }

    /// <summary>Gives a block back.</summary>
    /// <param name="block">Its number.</param>
    public void Give(int block)
    {
        ref var entry = ref CollectionsMarshal.AsSpan(_blocks)[block];
        if (entry.Memory is { } memory)
        {
            // The last one takes the place of the one that goes.
            int place = entry.Place, last = _resident[^1];
            _resident[place] = last;
            CollectionsMarshal.AsSpan(_blocks)[last].Place = place;
            _resident.RemoveAt(_resident.Count - 1);
            _spare ??= memory;
        }

        entry = default;
        _free.Push(block);
    }

    /// <summary>The bytes of a block, good until another is asked for or taken.</summary>
    /// <param name="block">Its number.</param>
    /// <param name="forWriting">Whether they are changed.</param>
    public Span<byte> Use(int block, bool forWriting)
    {
        ref var entry = ref CollectionsMarshal.AsSpan(_blocks)[block];
        if (entry.Memory is null)
            Load(block, ref entry);
        entry.IsUsed = true;
        entry.IsStored &= !forWriting;
        return entry.Memory;
    }

    /// <summary>Deletes the file.</summary>
    public void Dispose()
    {
        if (_file is null)
            return;
        _file.Dispose();
        _file = null;
        disk.Delete(path);
    }

    private void Load(int block, ref Block entry)
    {
        byte[] memory = Room(block);
        if (_file!.Read(memory, (long)block * BlockBytes) != BlockBytes)
            throw new IOException($"the temporary file '{path}' ends before block {block}");
        entry.Memory = memory;
        entry.IsStored = true;
        entry.Place = _resident.Count - 1;
    }

    /// <summary>Memory for a block, perhaps that of one that goes to the file.</summary>
    private byte[] Room(int block)
    {
        // More than there may be are left from when none was written.
        while (!IsHeldBack && _resident.Count > _most)
            Evict();
        byte[]? memory = _resident.Count < _most || IsHeldBack ? _spare : Evict();
        _spare = memory == _spare ? null : _spare;
        _resident.Add(block);
        return memory ?? GC.AllocateUninitializedArray<byte>(BlockBytes);
    }

    private byte[] Evict()
    {
        var blocks = CollectionsMarshal.AsSpan(_blocks);
        while (true)
        {
            _hand = _hand >= _resident.Count ? 0 : _hand;
            int block = _resident[_hand];
            ref var entry = ref blocks[block];
            if (entry.IsUsed)
            {
                entry.IsUsed = false;
                _hand++;
                continue;
            }

            byte[] memory = entry.Memory!;
            if (!entry.IsStored)
                Store(block, memory);
            entry.Memory = null;
            int last = _resident[^1];
            _resident[_hand] = last;
            blocks[last].Place = _hand;
            _resident.RemoveAt(_resident.Count - 1);
            return memory;
        }
    }

    private void Store(int block, byte[] memory)
    {
        if (_file is null)
        {
            disk.Delete(path);
            _file = disk.Open(path, DiskAccess.CreateNew);
        }

        _file.Write(memory, (long)block * BlockBytes);
        Spills++;
    }

    private record struct Block
    {
        public byte[]? Memory;

        // Its place among those in memory.
        public int Place;

        public bool IsUsed;

        // Whether the file has it as it is.
        public bool IsStored;
    }
}

using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PipelineBackup.Testing;

/// <summary>
/// A body in several segments of memory that is no array, as a pack's is, and that tells who looks at it when. Its
/// segments lie on 4096-byte boundaries.
/// </summary>
internal sealed class WatchedBody
{
    private readonly List<Piece> _pieces = [];
    private int _closed;
    private int _late;
    private int _pins;

    private WatchedBody(int seed, int[] lengths)
    {
        Expected = SinkTrial.Bytes(seed, lengths.Sum());
        Segment? first = null;
        Segment? last = null;
        int offset = 0;
        foreach (int length in lengths)
        {
            var piece = new Piece(this, _pieces.Count, Expected.AsSpan(offset, length));
            _pieces.Add(piece);
            last = new Segment(piece.Memory, offset, last);
            first ??= last;
            offset += length;
        }

        Body = new(
            new(first!, 0, last!, last!.Memory.Length), SHA256.HashData(Expected), Crc32C.Of(Expected));
    }

    /// <summary>The body to put.</summary>
    public ObjectBody Body { get; }

    /// <summary>What is in it.</summary>
    public byte[] Expected { get; }

    /// <summary>What is in it now; nobody is told of this look.</summary>
    public byte[] Current => [.. _pieces.SelectMany(piece => piece.Current)];

    /// <summary>Called with the number of a segment whenever somebody looks at it.</summary>
    public Action<int>? OnTouch { get; set; }

    /// <summary>How often somebody looked after <see cref="Close"/>.</summary>
    public int LateTouches => Volatile.Read(ref _late);

    /// <summary>How many segments are pinned at the moment.</summary>
    public int Pins => Volatile.Read(ref _pins);

    public static WatchedBody Of(int seed, params int[] lengths) => new(seed, lengths);

    /// <summary>The put has returned: from now on nobody may look, and the memory holds something else.</summary>
    public void Close()
    {
        Volatile.Write(ref _closed, 1);
        foreach (var piece in _pieces)
            piece.Scramble();
    }

    private void Touched(int piece)
    {
        if (Volatile.Read(ref _closed) == 1)
            Interlocked.Increment(ref _late);
        OnTouch?.Invoke(piece);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long runningIndex, Segment? previous)
        {
            Memory = memory;
            RunningIndex = runningIndex;
            if (previous is not null)
                previous.Next = this;
        }
    }

    // Pinned and never given back to any pool, so that a sink which looks too late meets wrong bytes and not a crash.
    private sealed class Piece : MemoryManager<byte>
    {
        private const int Alignment = 4096;

        private readonly WatchedBody _owner;
        private readonly int _number;
        private readonly byte[] _bytes;
        private readonly int _start;
        private readonly int _length;

        public unsafe Piece(WatchedBody owner, int number, ReadOnlySpan<byte> content)
        {
            (_owner, _number, _length) = (owner, number, content.Length);
            _bytes = GC.AllocateArray<byte>(content.Length + Alignment, pinned: true);
            nint address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_bytes));
            _start = (int)(-address & (Alignment - 1));
            content.CopyTo(_bytes.AsSpan(_start));
        }

        // The constructor of the body's sequence asks for no span, so that only a sink comes here.
        public override Memory<byte> Memory => CreateMemory(_length);

        public override Span<byte> GetSpan()
        {
            _owner.Touched(_number);
            return _bytes.AsSpan(_start, _length);
        }

        public override unsafe MemoryHandle Pin(int elementIndex = 0)
        {
            _owner.Touched(_number);
            Interlocked.Increment(ref _owner._pins);
            return new(Unsafe.AsPointer(ref _bytes[_start + elementIndex]), default, this);
        }

        public override void Unpin() => Interlocked.Decrement(ref _owner._pins);

        public byte[] Current => _bytes[_start..(_start + _length)];

        public void Scramble()
        {
            foreach (ref byte b in _bytes.AsSpan(_start, _length))
                b ^= 0xA5;
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}

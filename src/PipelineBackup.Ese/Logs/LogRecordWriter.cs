using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>
/// Makes log records from their fields, as <see cref="LogRecordView"/> shows them: what a view tells is what a method
/// here takes, so that a record read and written again has the same bytes. Records are put one behind the other until
/// <see cref="Clear"/>; lengths are set here, never by the caller.
/// </summary>
/// <remarks>
/// A tail of more bytes than its length field can tell is an <see cref="ArgumentException"/> of every method. The
/// buffer is kept for the next records.
/// </remarks>
public sealed partial class LogRecordWriter
{
    private byte[] _bytes = new byte[1024];
    private int _length, _start;

    /// <summary>All records since the last <see cref="Clear"/>; valid until the next call.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <summary>Forgets the records.</summary>
    public void Clear() => _length = _start = 0;

    /// <summary>A record that is nothing but its type.</summary>
    /// <param name="type">For instance <see cref="LogRecordType.ShutdownMark"/>.</param>
    /// <exception cref="ArgumentException">Records of this type hold more.</exception>
    public void Bare(LogRecordType type)
    {
        if (LogRecordCatalogue.Fixed(type) != 1)
            throw new ArgumentException($"a {type} record is more than its type", nameof(type));
        Begin(type);
        End();
    }

    /// <summary>A record with a fixed body.</summary>
    /// <typeparam name="T">The body of records of this type.</typeparam>
    /// <param name="type">The type.</param>
    /// <param name="body">The body.</param>
    /// <exception cref="ArgumentException">Records of this type have another body, or tails.</exception>
    public void Add<T>(LogRecordType type, in T body)
        where T : unmanaged, ILogRecordBody
    {
        int offset = T.Describes(type) ? LogRecordCatalogue.BodyOffset(type) : -1;
        if (offset < 0 || offset + Unsafe.SizeOf<T>() != LogRecordCatalogue.Fixed(type))
            throw new ArgumentException($"a {type} record has another body than {typeof(T).Name}", nameof(type));
        Begin(type);
        if (offset != 1)
            PutInt(Unsafe.SizeOf<T>());
        Put(body);
        End();
    }

    /// <summary>A <see cref="LogRecordType.Split"/>.</summary>
    /// <param name="split">The change.</param>
    /// <param name="parentKey">The key that separates the pages in their parent.</param>
    /// <param name="oldPrefix">The prefix of the split page as it was.</param>
    /// <param name="newPrefix">The prefix of the split page from now on.</param>
    /// <param name="imageFlags">What was done to the before-image.</param>
    /// <param name="image">The before-image, or nothing where none is needed.</param>
    public void Split(
        in SplitChange split, ReadOnlySpan<byte> parentKey, ReadOnlySpan<byte> oldPrefix,
        ReadOnlySpan<byte> newPrefix, BeforeImageFlags imageFlags, ReadOnlySpan<byte> image)
    {
        Begin(LogRecordType.Split);
        Put(split);
        PutLength(oldPrefix);
        PutLength(newPrefix);
        PutLength(parentKey);
        Put(imageFlags);
        PutInt(image.Length);
        Put(parentKey);
        Put(oldPrefix);
        Put(newPrefix);
        Put(image);
        End();
    }

    /// <summary>A <see cref="LogRecordType.Merge"/>.</summary>
    /// <param name="merge">The change.</param>
    /// <param name="parentKey">The key that separates the pages in their parent from now on.</param>
    /// <param name="imageFlags">What was done to the before-image.</param>
    /// <param name="image">The before-image, or nothing where none is needed.</param>
    public void Merge(
        in MergeChange merge, ReadOnlySpan<byte> parentKey, BeforeImageFlags imageFlags, ReadOnlySpan<byte> image)
    {
        Begin(LogRecordType.Merge);
        Put(merge);
        PutLength(parentKey);
        Put(imageFlags);
        PutInt(image.Length);
        Put(parentKey);
        Put(image);
        End();
    }

    /// <summary>A <see cref="LogRecordType.PageMove"/>.</summary>
    /// <param name="move">The change.</param>
    /// <param name="front">The source page up to its first free byte.</param>
    /// <param name="back">Its tags, from its end.</param>
    public void PageMove(in PageMoveChange move, ReadOnlySpan<byte> front, ReadOnlySpan<byte> back)
    {
        Begin(LogRecordType.PageMove);
        Put(move);
        PutInt(front.Length);
        PutInt(back.Length);
        Put(front);
        Put(back);
        End();
    }

    /// <summary>Filler with a length: a <see cref="LogRecordType.Nop2"/>.</summary>
    /// <param name="length">Length of the whole record, at least 5.</param>
    public void Filler(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, LogRecordCatalogue.ExtensibleHeaderBytes);
        Begin(LogRecordType.Nop2);
        PutInt(length - LogRecordCatalogue.ExtensibleHeaderBytes);
        Take(length - LogRecordCatalogue.ExtensibleHeaderBytes).Clear();
        End();
    }

    /// <summary>A record as it stands elsewhere, of any type that can be measured.</summary>
    /// <param name="record">Its bytes.</param>
    /// <exception cref="ArgumentException">They are not one whole record.</exception>
    public void Copy(ReadOnlySpan<byte> record)
    {
        if (LogRecordCatalogue.Measure(record) != record.Length || record.IsEmpty)
            throw new ArgumentException("the bytes are not one whole record", nameof(record));
        record.CopyTo(Take(record.Length));
        _start = _length;
    }

    private void Begin(LogRecordType type)
    {
        // What a refused record left half done.
        _length = _start;
        Put(type);
    }

    private void Begin(LogRecordType type, in NodeChange node)
    {
        Begin(type);
        Put(node);
    }

    // What was written must be what the catalogue says of it; else no reader would find the next record.
    private void End()
    {
        if (LogRecordCatalogue.Measure(_bytes.AsSpan(_start, _length - _start)) != _length - _start)
            throw new InvalidOperationException($"a {(LogRecordType)_bytes[_start]} record was written wrong");
        _start = _length;
    }

    private void PutLength(ReadOnlySpan<byte> tail)
    {
        if (tail.Length > ushort.MaxValue)
            throw new ArgumentException($"a tail of {tail.Length} bytes does not fit into a log record", nameof(tail));
        Put((ushort)tail.Length);
    }

    private void PutInt(long value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), (uint)value);

    private void Put<T>(in T value)
        where T : unmanaged => MemoryMarshal.Write(Take(Unsafe.SizeOf<T>()), value);

    private void Put(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    private Span<byte> Take(int length)
    {
        if (_length + length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + length));
        _length += length;
        return _bytes.AsSpan(_length - length, length);
    }
}

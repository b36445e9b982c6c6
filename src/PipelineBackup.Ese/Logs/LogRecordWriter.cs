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
public sealed class LogRecordWriter
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

    /// <summary>An <see cref="LogRecordType.Insert"/>.</summary>
    /// <param name="node">The change.</param>
    /// <param name="prefix">The first part of the key; may be empty.</param>
    /// <param name="suffix">The rest of it.</param>
    /// <param name="data">The data.</param>
    public void Insert(
        in NodeChange node, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> data)
    {
        Begin(LogRecordType.Insert, node);
        PutLength(suffix);
        PutLength(prefix);
        PutLength(data);
        Put(prefix);
        Put(suffix);
        Put(data);
        End();
    }

    /// <summary>A <see cref="LogRecordType.FlagInsert"/>.</summary>
    /// <param name="node">The change.</param>
    /// <param name="key">The key of the node.</param>
    /// <param name="data">Its data.</param>
    public void FlagInsert(in NodeChange node, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        Begin(LogRecordType.FlagInsert, node);
        PutLength(key);
        PutLength(data);
        Put(key);
        Put(data);
        End();
    }

    /// <summary>A <see cref="LogRecordType.FlagInsertReplace"/>.</summary>
    /// <param name="node">The change; its version is that of the inserting.</param>
    /// <param name="replaceVersion">Version of the replacing.</param>
    /// <param name="key">The key of the node.</param>
    /// <param name="data">The new data.</param>
    public void FlagInsertReplace(
        in NodeChange node, uint replaceVersion, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        Begin(LogRecordType.FlagInsertReplace, node);
        PutLength(key);
        PutLength(data);
        PutInt(replaceVersion);
        Put(key);
        Put(data);
        End();
    }

    /// <summary>A <see cref="LogRecordType.Replace"/>.</summary>
    /// <param name="node">The change.</param>
    /// <param name="oldLength">Length of the old data.</param>
    /// <param name="newData">The new data, at most 32767 bytes.</param>
    public void Replace(in NodeChange node, int oldLength, ReadOnlySpan<byte> newData) =>
        Replace(LogRecordType.Replace, node, 0, oldLength, newData.Length, newData);

    /// <summary>A <see cref="LogRecordType.ReplaceDifference"/>.</summary>
    /// <param name="node">The change.</param>
    /// <param name="isLarge">Whether the difference is in the form for large pages.</param>
    /// <param name="oldLength">Length of the old data.</param>
    /// <param name="newLength">Length of the new data.</param>
    /// <param name="difference">The stored difference, at most 32767 bytes; see <see cref="DataDifference"/>.</param>
    public void ReplaceDifference(
        in NodeChange node, bool isLarge, int oldLength, int newLength, ReadOnlySpan<byte> difference) => Replace(
            LogRecordType.ReplaceDifference, node, isLarge ? ReplaceRecord.LargeFlag : 0, oldLength, newLength, difference);

    /// <summary>An <see cref="LogRecordType.UndoInfo"/>.</summary>
    /// <param name="node">Which node and version.</param>
    /// <param name="operation">The operation to undo.</param>
    /// <param name="maxSize">Largest size of the data in the transaction.</param>
    /// <param name="growth">By how much they grew.</param>
    /// <param name="bookmarkKey">Key of the bookmark.</param>
    /// <param name="bookmarkData">Data of the bookmark.</param>
    /// <param name="oldData">What the node held.</param>
    public void UndoInfo(
        in NodeChange node, NodeOperation operation, short maxSize, short growth, ReadOnlySpan<byte> bookmarkKey,
        ReadOnlySpan<byte> bookmarkData, ReadOnlySpan<byte> oldData)
    {
        Begin(LogRecordType.UndoInfo, node);
        PutLength(bookmarkKey);
        PutLength(bookmarkData);
        Put(operation);
        Put(maxSize);
        Put(growth);
        PutLength(oldData);
        Put(bookmarkKey);
        Put(bookmarkData);
        Put(oldData);
        End();
    }

    /// <summary>A <see cref="LogRecordType.Delta"/> of a 32-bit counter.</summary>
    /// <param name="node">The change.</param>
    /// <param name="delta">By how much.</param>
    /// <param name="offset">Offset of the counter in the data.</param>
    /// <param name="bookmarkKey">Key of the bookmark.</param>
    /// <param name="bookmarkData">Data of the bookmark.</param>
    public void Delta(
        in NodeChange node, int delta, ushort offset, ReadOnlySpan<byte> bookmarkKey, ReadOnlySpan<byte> bookmarkData) =>
        Delta(LogRecordType.Delta, node, delta, offset, bookmarkKey, bookmarkData);

    /// <summary>A <see cref="LogRecordType.Delta64"/> of a 64-bit counter.</summary>
    /// <param name="node">The change.</param>
    /// <param name="delta">By how much.</param>
    /// <param name="offset">Offset of the counter in the data.</param>
    /// <param name="bookmarkKey">Key of the bookmark.</param>
    /// <param name="bookmarkData">Data of the bookmark.</param>
    public void Delta64(
        in NodeChange node, long delta, ushort offset, ReadOnlySpan<byte> bookmarkKey, ReadOnlySpan<byte> bookmarkData) =>
        Delta(LogRecordType.Delta64, node, delta, offset, bookmarkKey, bookmarkData);

    /// <summary>A <see cref="LogRecordType.SetExternalHeader"/>.</summary>
    /// <param name="node">The change.</param>
    /// <param name="data">What the first tag of the page holds from now on.</param>
    public void SetExternalHeader(in NodeChange node, ReadOnlySpan<byte> data)
    {
        Begin(LogRecordType.SetExternalHeader, node);
        PutLength(data);
        Put(data);
        End();
    }

    /// <summary>An <see cref="LogRecordType.Undo"/>.</summary>
    /// <param name="node">The change; its version is that of the operation.</param>
    /// <param name="operation">The operation that is undone.</param>
    /// <param name="undoneLevel">Its transaction level.</param>
    /// <param name="bookmarkKey">Key of the bookmark.</param>
    /// <param name="bookmarkData">Data of the bookmark.</param>
    public void Undo(
        in NodeChange node, NodeOperation operation, byte undoneLevel, ReadOnlySpan<byte> bookmarkKey,
        ReadOnlySpan<byte> bookmarkData)
    {
        Begin(LogRecordType.Undo, node);
        PutLength(bookmarkKey);
        PutLength(bookmarkData);
        Put(operation);
        Put(undoneLevel);
        Put(bookmarkKey);
        Put(bookmarkData);
        End();
    }

    /// <summary>An <see cref="LogRecordType.EmptyTree"/>.</summary>
    /// <param name="node">The change of the root.</param>
    /// <param name="pages">The pages.</param>
    public void EmptyTree(in NodeChange node, ReadOnlySpan<EmptiedPage> pages)
    {
        Begin(LogRecordType.EmptyTree, node);
        var list = MemoryMarshal.AsBytes(pages);
        PutLength(list);
        Put(list);
        End();
    }

    /// <summary>A <see cref="LogRecordType.Scrub"/>.</summary>
    /// <param name="node">The change.</param>
    /// <param name="flags">1 when the whole page was not used.</param>
    /// <param name="operationCount">Number of operations.</param>
    /// <param name="tail">The operations, a byte a line, and padding.</param>
    public void Scrub(in NodeChange node, uint flags, uint operationCount, ReadOnlySpan<byte> tail)
    {
        Begin(LogRecordType.Scrub, node);
        PutInt(flags);
        PutInt(operationCount);
        PutLength(tail);
        Put(tail);
        End();
    }

    /// <summary>A <see cref="LogRecordType.Split"/>.</summary>
    /// <param name="split">The change.</param>
    /// <param name="parentKey">The key that separates the pages in their parent.</param>
    /// <param name="splitPrefix">The prefix of the split page from now on.</param>
    /// <param name="newPrefix">The prefix of the new page.</param>
    /// <param name="imageFlags">What was done to the before-image.</param>
    /// <param name="image">The before-image, or nothing where none is needed.</param>
    public void Split(
        in SplitChange split, ReadOnlySpan<byte> parentKey, ReadOnlySpan<byte> splitPrefix, ReadOnlySpan<byte> newPrefix,
        BeforeImageFlags imageFlags, ReadOnlySpan<byte> image)
    {
        Begin(LogRecordType.Split);
        Put(split);
        PutLength(splitPrefix);
        PutLength(newPrefix);
        PutLength(parentKey);
        Put(imageFlags);
        PutInt(image.Length);
        Put(parentKey);
        Put(splitPrefix);
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

    /// <summary>An <see cref="LogRecordType.Init2"/>.</summary>
    /// <param name="parameters">The settings as stored, 567 bytes.</param>
    /// <param name="time">When.</param>
    public void Init(ReadOnlySpan<byte> parameters, LogTime time)
    {
        if (parameters.Length != InstanceParameters.Size)
            throw new ArgumentException($"instance parameters take {InstanceParameters.Size} bytes", nameof(parameters));
        Begin(LogRecordType.Init2);
        Put(parameters);
        Put(time);
        End();
    }

    /// <summary>A <see cref="LogRecordType.Trace"/> or <see cref="LogRecordType.ForceLogRollover"/>.</summary>
    /// <param name="type">Which.</param>
    /// <param name="session">Number of the session; 0xFFFF for none.</param>
    /// <param name="text">The text as stored, with its zero.</param>
    /// <exception cref="ArgumentException">It is another type.</exception>
    public void Text(LogRecordType type, ushort session, ReadOnlySpan<byte> text)
    {
        if (type is not (LogRecordType.Trace or LogRecordType.ForceLogRollover))
            throw new ArgumentException($"a {type} record has no text", nameof(type));
        Begin(type);
        Put(session);
        PutLength(text);
        Put(text);
        End();
    }

    /// <summary>A <see cref="LogRecordType.CommitContext"/>.</summary>
    /// <param name="version">Version of the log: old ones have no flags.</param>
    /// <param name="session">Number of the session.</param>
    /// <param name="flags">1 asks for a callback, 2 from the application, 4 before the commit.</param>
    /// <param name="data">What the application says.</param>
    public void CommitContext(LogVersion version, ushort session, byte flags, ReadOnlySpan<byte> data)
    {
        bool hasFlags = CommitContextRecord.HasFlags(version);
        Begin(LogRecordType.CommitContext);
        PutInt(data.Length + (hasFlags ? 3 : 2));
        Put(session);
        if (hasFlags)
            Put(flags);
        Put(data);
        End();
    }

    /// <summary>A <see cref="LogRecordType.MacroInfo"/>, which stands for the first database.</summary>
    /// <param name="pages">The pages of the macro.</param>
    public void MacroInfo(ReadOnlySpan<PageNumber> pages)
    {
        Begin(LogRecordType.MacroInfo);
        PutInt(pages.Length * 4);
        Put(MemoryMarshal.AsBytes(pages));
        End();
    }

    /// <summary>A <see cref="LogRecordType.MacroInfo2"/>.</summary>
    /// <param name="database">Number of the database.</param>
    /// <param name="pages">The pages of the macro.</param>
    public void MacroInfo2(byte database, ReadOnlySpan<PageNumber> pages)
    {
        Begin(LogRecordType.MacroInfo2);
        PutInt(5 + pages.Length * 4);
        Put(database);
        PutInt(pages.Length);
        Put(MemoryMarshal.AsBytes(pages));
        End();
    }

    /// <summary>A <see cref="LogRecordType.Backup2"/>.</summary>
    /// <param name="step">The step.</param>
    public void Backup(in BackupStep step)
    {
        Begin(LogRecordType.Backup2);
        Put(step);
        Put((ushort)0);
        End();
    }

    /// <summary>A <see cref="LogRecordType.CreateDatabase"/> that logs all.</summary>
    /// <param name="creation">What is created.</param>
    /// <param name="isSparse">Whether the file is sparse.</param>
    /// <param name="version">Version of the creating: 2 logs all.</param>
    /// <param name="versionUpdate">Its update.</param>
    /// <param name="path">The path.</param>
    public void CreateDatabase(
        in DatabaseCreation creation, bool isSparse, ushort version, ushort versionUpdate, string path)
    {
        const byte Flags = CreateDatabaseRecord.VersionFlag | CreateDatabaseRecord.UnicodeFlag;
        Begin(LogRecordType.CreateDatabase);
        Put(creation);
        PutPathLength(path);
        Put((byte)(Flags | (isSparse ? CreateDatabaseRecord.SparseFlag : 0)));
        Put(version);
        Put(versionUpdate);
        PutPath(path);
        End();
    }

    /// <summary>An <see cref="LogRecordType.AttachDatabase"/>.</summary>
    /// <param name="attachment">What is attached.</param>
    /// <param name="isSparse">Whether the file is sparse.</param>
    /// <param name="path">The path.</param>
    public void AttachDatabase(in DatabaseAttachment attachment, bool isSparse, string path)
    {
        Begin(LogRecordType.AttachDatabase);
        Put(attachment);
        PutPathLength(path);
        Put((byte)(CreateDatabaseRecord.UnicodeFlag | (isSparse ? CreateDatabaseRecord.SparseFlag : 0)));
        PutPath(path);
        End();
    }

    /// <summary>A <see cref="LogRecordType.DetachDatabase"/>.</summary>
    /// <param name="session">Number of the session.</param>
    /// <param name="database">Number of the database.</param>
    /// <param name="path">The path.</param>
    public void DetachDatabase(ushort session, byte database, string path)
    {
        Begin(LogRecordType.DetachDatabase);
        Put(session);
        Put(database);
        PutPathLength(path);
        Put(DetachDatabaseRecord.UnicodeFlag);
        PutPath(path);
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

    private void Replace(
        LogRecordType type, in NodeChange node, int flag, int oldLength, int newLength, ReadOnlySpan<byte> tail)
    {
        if (tail.Length >= ReplaceRecord.LargeFlag || (uint)newLength > ushort.MaxValue || (uint)oldLength > ushort.MaxValue)
            throw new ArgumentException("data do not fit into a record that replaces them", nameof(tail));
        Begin(type, node);
        Put((ushort)(tail.Length | flag));
        Put((ushort)oldLength);
        Put((ushort)newLength);
        Put(tail);
        End();
    }

    private void Delta(
        LogRecordType type, in NodeChange node, long delta, ushort offset, ReadOnlySpan<byte> bookmarkKey,
        ReadOnlySpan<byte> bookmarkData)
    {
        Begin(type, node);
        PutLength(bookmarkKey);
        PutLength(bookmarkData);
        if (type == LogRecordType.Delta64)
            Put(delta);
        else
            Put((int)delta);
        Put(offset);
        Put(bookmarkKey);
        Put(bookmarkData);
        End();
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

    private void PutPathLength(string path)
    {
        if (path.Length >= ushort.MaxValue / 2)
            throw new ArgumentException("a path is too long for a log record", nameof(path));
        Put((ushort)((path.Length + 1) * 2));
    }

    private void PutPath(string path)
    {
        Put(MemoryMarshal.AsBytes(path.AsSpan()));
        Put((ushort)0);
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

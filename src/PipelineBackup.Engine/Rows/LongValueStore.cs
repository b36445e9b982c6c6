namespace PipelineBackup.Engine;

/// <summary>
/// The long values of a table as a session reads and writes them. Values are never changed, only replaced.
/// </summary>
internal sealed class LongValueStore : IValueSource
{
    // Since then new values have ids of 64 bits.
    private static readonly FormatVersion s_wideIds = new(FormatVersion.CurrentMain, 70, 160);

    private readonly DatabaseTables _database;
    private readonly SessionCore _session;
    private readonly TableDefinition _table;
    private readonly TableState _state;
    private readonly LongValueBuilder _builder;
    private NodeCursor? _cursor;
    private byte[] _buffer = [];

    /// <summary>The long values of a table.</summary>
    /// <param name="database">The database.</param>
    /// <param name="session">Who reads and writes.</param>
    /// <param name="table">The table.</param>
    public LongValueStore(DatabaseTables database, SessionCore session, TableDefinition table)
    {
        _database = database;
        _session = session;
        _table = table;
        _state = database.StateOf(table);
        _builder = new(table.LongValueChunkBytes);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Read(RecordValue value)
    {
        if (value.IsEncrypted)
            throw new EseException(EseError.DecryptionFailed, $"a value of the table {_table} is encrypted");
        if (value.IsSeparated)
            return Gather(value.Stored);
        if (!value.IsCompressed)
            return value.Stored;
        Reserve(ValueCompression.PlainLength(value.Stored));
        return _buffer.AsSpan(0, ValueCompression.Decompress(value.Stored, _buffer));
    }

    /// <summary>Plain length of a value.</summary>
    /// <param name="value">The value as a record holds it.</param>
    public long LengthOf(RecordValue value) =>
        value.IsSeparated ? Root(value.Stored, out _).Length
        : value.IsCompressed ? ValueCompression.PlainLength(value.Stored)
        : value.Stored.Length;

    /// <summary>Reads part of a value that stands apart from its record.</summary>
    /// <param name="reference">Its id as the record holds it.</param>
    /// <param name="offset">From where.</param>
    /// <param name="destination">Takes the bytes.</param>
    /// <returns>Bytes read; fewer at the end of the value.</returns>
    /// <exception cref="EseException">−1526: it is missing or damaged.</exception>
    public int ReadPart(ReadOnlySpan<byte> reference, long offset, Span<byte> destination)
    {
        var root = Root(reference, out var id);
        if (offset >= root.Length)
            return 0;
        int chunkBytes = _table.LongValueChunkBytes, read = 0;
        long end = Math.Min(root.Length, offset + destination.Length);
        Span<byte> key = stackalloc byte[LongValueId.MaxKeyBytes];
        for (long at = offset - offset % chunkBytes; at < end; at += chunkBytes)
        {
            int length = (int)Math.Min(chunkBytes, root.Length - at);
            var chunk = Chunk(key[..id.WriteChunkKey(key, (uint)at)], id, length);
            int from = (int)Math.Max(0, offset - at), to = (int)Math.Min(length, end - at);
            chunk[from..to].CopyTo(destination[read..]);
            read += to - from;
        }

        return read;
    }

    /// <summary>Writes a new value, to which one column of a record refers.</summary>
    /// <param name="value">Its bytes.</param>
    /// <param name="mayCompress">Whether chunks may be compressed.</param>
    /// <returns>Its id.</returns>
    public LongValueId Insert(ReadOnlyMemory<byte> value, bool mayCompress)
    {
        var tree = _state.LongValues ?? new SchemaEditor(_database, _session).CreateLongValues(_table, _state);
        var id = _state.NextLongValue ?? FirstId(tree);
        _state.NextLongValue = id.Next;
        _builder.Start(id, value, mayCompress);
        while (_builder.MoveNext())
        {
            _database.Nodes.Insert(_session, tree, _builder.Key, _builder.Data);
            _session.Breathe();
        }

        return id;
    }

    /// <summary>A column of a record refers to a value no longer.</summary>
    /// <param name="reference">Its id as the record held it.</param>
    /// <exception cref="EseException">−1526: it is missing. −1102: another has to do with it.</exception>
    public void Release(ReadOnlySpan<byte> reference)
    {
        Span<byte> key = stackalloc byte[LongValueId.MaxKeyBytes];
        if (!LongValueId.TryReadReference(reference, out var id) || _state.LongValues is not { } tree)
            throw Missing(reference);
        key = key[..id.WriteRootKey(key)];
        if (!_database.Trees.TryFind(tree, key, [], out var node) || !LongValueRoot.TryRead(node.Data, out var root))
            throw Missing(reference);

        // While others may yet give it a reference, or take theirs, only the count is moved.
        var chain = _database.Transactions.Chains.Find(new(_database.Slot, tree.Root, key, []));
        if (root.References <= 1 && VersionChains.IsFree(chain, _session.View))
            Delete(_database, _session, tree, key);
        else
            _database.Nodes.Move(_session, tree, key, 0, -1, is64Bit: false);
    }

    /// <summary>Deletes a value with all its chunks.</summary>
    /// <param name="database">The database.</param>
    /// <param name="session">Who does.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="key">Key of the value's root.</param>
    public static void Delete(DatabaseTables database, SessionCore session, EngineTree tree, ReadOnlySpan<byte> key)
    {
        byte[] prefix = key.ToArray();
        var cursor = new NodeCursor(database, session, tree);
        for (bool more = cursor.SeekAtLeast(prefix); more && IsPart(cursor.Key, prefix); more = cursor.MoveNext())
        {
            database.Nodes.Delete(session, tree, cursor.Key, []);
            session.Breathe();
        }
    }

    // A wide id may begin like a narrow chunk's key would go on; the first bit tells them apart, and lengths the rest.
    private static bool IsPart(ReadOnlySpan<byte> key, ReadOnlySpan<byte> root) =>
        key.StartsWith(root) && (key.Length == root.Length || key.Length == root.Length + sizeof(uint));

    private LongValueId FirstId(EngineTree tree)
    {
        // Whoever sees it: an id is not given twice as long as anything is left of its value.
        LongValueId highest = default;
        var cursor = new TreeCursor(_database.Editor.Cache, tree.Root, tree.ObjectId) { IncludesDeleted = true };
        if (cursor.MoveLast() && LongValueId.TryReadKey(cursor.Key, out var last, out _))
            highest = last;
        bool isWide = highest.IsWide || !(_database.Version < s_wideIds);
        return isWide && !highest.IsWide ? LongValueId.FirstWide
            : highest.Value == 0 ? LongValueId.FirstNarrow
            : highest.Next;
    }

    private LongValueRoot Root(ReadOnlySpan<byte> reference, out LongValueId id)
    {
        Span<byte> key = stackalloc byte[LongValueId.MaxKeyBytes];
        if (!LongValueId.TryReadReference(reference, out id) || _state.LongValues is not { } tree)
            throw Missing(reference);
        _cursor ??= new(_database, _session, tree);
        if (_cursor.Tree != tree)
            _cursor.Open(tree);
        if (!_cursor.Seek(key[..id.WriteRootKey(key)]) || !LongValueRoot.TryRead(_cursor.Data, out var root))
            throw Missing(reference);
        return !root.IsEncrypted ? root
            : throw new EseException(EseError.DecryptionFailed, $"the long value {id} of {_table} is encrypted");
    }

    private ReadOnlySpan<byte> Gather(ReadOnlySpan<byte> reference)
    {
        var root = Root(reference, out var id);
        int length = 0;
        for (uint at = 0; at < root.Length; at += (uint)_table.LongValueChunkBytes)
        {
            int plain = (int)Math.Min(_table.LongValueChunkBytes, root.Length - at);
            bool isThere = _cursor!.MoveNext() && LongValueId.TryReadKey(_cursor.Key, out var found, out long offset)
                && found == id && offset == at && _cursor.Data.Length <= plain;
            if (!isThere)
                throw Missing(reference);
            Reserve(length + plain);
            Unpack(_cursor.Data, id, plain, _buffer.AsSpan(length, plain));
            length += plain;
        }

        return _buffer.AsSpan(0, length);
    }

    private ReadOnlySpan<byte> Chunk(ReadOnlySpan<byte> key, LongValueId id, int length)
    {
        if (!_cursor!.Seek(key) || _cursor.Data.Length > length)
            throw new EseException(EseError.LVCorrupted, $"the long value {id} of {_table} lacks a chunk");
        if (_cursor.Data.Length == length)
            return _cursor.Data;
        Reserve(length);
        Unpack(_cursor.Data, id, length, _buffer.AsSpan(0, length));
        return _buffer.AsSpan(0, length);
    }

    private void Unpack(ReadOnlySpan<byte> stored, LongValueId id, int length, Span<byte> plain)
    {
        if (stored.Length == length)
            stored.CopyTo(plain);
        else if (ValueCompression.PlainLength(stored) != length)
            throw new EseException(EseError.LVCorrupted,
                $"a chunk of the long value {id} of {_table} has another length");
        else
            ValueCompression.Decompress(stored, plain);
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length < bytes)
            Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max(bytes, 2L * _buffer.Length)));
    }

    private EseException Missing(ReadOnlySpan<byte> reference) => new(EseError.LVCorrupted,
        $"the long value {Convert.ToHexString(reference)} of the table {_table} is missing or damaged");
}

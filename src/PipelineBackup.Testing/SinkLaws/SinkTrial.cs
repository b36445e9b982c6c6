namespace PipelineBackup.Testing;

/// <summary>One check of one law: the store, the sinks it opened, and what every law needs to ask.</summary>
/// <param name="law">Name of the law.</param>
/// <param name="store">The store, empty at first.</param>
/// <param name="token">Ends the check.</param>
internal sealed class SinkTrial(string law, ISinkUnderTest store, CancellationToken token) : IAsyncDisposable
{
    private readonly List<IBackupSink> _opened = [];

    public CancellationToken Token => token;

    /// <summary>Bytes that no other seed gives.</summary>
    public static byte[] Bytes(int seed, int length)
    {
        byte[] bytes = new byte[length];
        // Not for secrets: the same seed must give the same bytes.
#pragma warning disable CA5394
        new Random(seed).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }

    /// <summary>Opens a sink on the store; it is disposed at the end.</summary>
    public async Task<IBackupSink> OpenAsync()
    {
        var sink = await store.OpenAsync(token);
        lock (_opened)
            _opened.Add(sink);
        return sink;
    }

    public ConformanceException Broken(string message, Exception? inner = null) => new(law, message, inner);

    /// <summary>Fails the law unless something holds.</summary>
    public void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw Broken(otherwise);
    }

    public Task PutAsync(IBackupSink sink, string name, byte[] bytes) =>
        sink.PutAsync(ObjectName.Of(name), ObjectBody.Of(bytes), token).AsTask();

    /// <summary>Reads a range to its end, in pieces of a size that divides nothing.</summary>
    public async Task<byte[]> ReadAsync(IBackupSink sink, string name, ByteRange range = default)
    {
        await using var stream = await sink.OpenReadAsync(ObjectName.Of(name), range, token);
        return await ReadAsync(stream);
    }

    public async Task<byte[]> ReadAsync(Stream stream)
    {
        var all = new MemoryStream();
        byte[] buffer = new byte[37_123];
        for (int read; (read = await stream.ReadAsync(buffer, token)) > 0;)
        {
            Require(read <= buffer.Length, $"a read into {buffer.Length} bytes returned {read}");
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    public async Task<List<StoredObject>> ListAsync(IBackupSink sink, string prefix = "")
    {
        var found = new List<StoredObject>();
        await foreach (var item in sink.ListAsync(prefix, token))
            found.Add(item);
        return found;
    }

    /// <summary>Fails the law unless an object has exactly some bytes.</summary>
    public async Task RequireContentAsync(IBackupSink sink, string name, byte[] expected)
    {
        byte[] actual = await ReadAsync(sink, name);
        RequireSame(actual, expected, $"object '{name}'");
    }

    public void RequireSame(byte[] actual, byte[] expected, string what)
    {
        Require(actual.Length == expected.Length, $"{what} gave {actual.Length} bytes instead of {expected.Length}");
        int same = actual.AsSpan().CommonPrefixLength(expected);
        Require(same == expected.Length, $"{what} differs from byte {same} on");
    }

    /// <summary>Fails the law unless a listing gives exactly some names, in their order.</summary>
    public async Task RequireListAsync(IBackupSink sink, string prefix, params IEnumerable<string> expected)
    {
        string[] actual = [.. (await ListAsync(sink, prefix)).Select(item => item.Name.ToString())];
        string[] wanted = [.. expected];
        int same = actual.AsSpan().CommonPrefixLength(wanted);
        Require(
            actual.Length == wanted.Length && same == wanted.Length,
            $"the listing of '{prefix}' has {actual.Length} names, expected {wanted.Length}; at place {same} stands " +
            $"'{actual.ElementAtOrDefault(same)}' instead of '{wanted.ElementAtOrDefault(same)}'");
    }

    /// <summary>Fails the law unless a call fails as it should.</summary>
    public async Task<SinkException> ExpectAsync(SinkFailure expected, string call, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (SinkException failure)
        {
            Require(failure.Failure == expected,
                $"{call} failed with {failure.Failure} instead of {expected}: {failure.Message}");
            return failure;
        }
        catch (Exception failure)
        {
            throw Broken($"{call} failed with {failure.GetType().Name} instead of a SinkException", failure);
        }

        throw Broken($"{call} succeeded instead of failing with {expected}");
    }

    /// <summary>Fails the law unless a call ends with <see cref="OperationCanceledException"/>.</summary>
    public async Task ExpectCancelledAsync(string call, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception failure)
        {
            throw Broken($"{call} failed with {failure.GetType().Name} instead of OperationCanceledException", failure);
        }

        throw Broken($"{call} succeeded though it was cancelled");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sink in _opened)
            await sink.DisposeAsync();
    }
}

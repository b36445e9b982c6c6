namespace PipelineBackup.Testing.Tests.Samples;

/// <summary>
/// A server in memory, to hold the sample source to the laws: two databases, and a log more with each backup.
/// </summary>
internal sealed class InstanceInMemory : IInstance
{
    private const int Page = 8192, LogLength = 32768;

    private readonly List<InstanceDatabase> _databases =
    [
        new(new("/srv/db/mail.edb", 21 * Page), new string('a', 56), MinRequired: 5, MaxRequired: 7),
        new(new("/srv/db/public.edb", 4 * Page), new string('b', 56), MinRequired: 6, MaxRequired: 7),
    ];

    private readonly List<InstanceFile> _logs = [.. Enumerable.Range(3, 5).Select(Log)];
    private bool _pinned;

    public string Name => "server/instance";

    public Task<bool> TryPinAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool won = !_pinned;
        _pinned = true;
        return Task.FromResult(won);
    }

    public Task<InstanceState> LookAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new InstanceState(new string('c', 56), _databases));
    }

    public Task<IReadOnlyList<InstanceFile>> CloseLogAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _logs.Add(Log(_logs[^1].Generation + 1));
        return Task.FromResult<IReadOnlyList<InstanceFile>>([.. _logs]);
    }

    public Task<int> ReadAsync(string path, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var file = _databases.Select(database => database.File).Concat(_logs).Single(file => file.Path == path);
        int count = (int)Math.Min(buffer.Length, file.Length - offset);
        for (int i = 0; i < count; i++)
            buffer.Span[i] = (byte)((offset + i) * 31 + path.Length + file.Generation);
        return Task.FromResult(count);
    }

    public Task DeleteLogsBelowAsync(int generation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _logs.RemoveAll(log => log.Generation < generation);
        return Task.CompletedTask;
    }

    public ValueTask UnpinAsync()
    {
        _pinned = false;
        return ValueTask.CompletedTask;
    }

    private static InstanceFile Log(int generation) => new($"/srv/logs/E00{generation:X8}.log", LogLength, generation);
}

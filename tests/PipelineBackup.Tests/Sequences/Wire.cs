using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using PipelineBackup.Sequences;

namespace PipelineBackup.Tests.Sequences;

/// <summary>
/// A server half at the other end of a wire: every argument, every result and every failure goes through text, so that
/// nothing can pass that only one process knows.
/// </summary>
public class Wire<T> : DispatchProxy
    where T : class
{
    private static readonly MethodInfo s_call = typeof(Wire<T>).GetMethod(
        nameof(CallAsync), BindingFlags.NonPublic | BindingFlags.Instance)!;

    private T _server = null!;

    [SuppressMessage("Design", "CA1000:Do not declare static members on generic types", Justification = "the proxy is generic")]
    public static T To(T server)
    {
        var wire = Create<T, Wire<T>>();
        ((Wire<T>)(object)wire)._server = server;
        return wire;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var result = targetMethod!.ReturnType;
        return result == typeof(ValueTask)
            ? new ValueTask(CallAsync<bool>(targetMethod, args!).AsTask())
            : s_call.MakeGenericMethod(result.GenericTypeArguments[0]).Invoke(this, [targetMethod, args]);
    }

    private async ValueTask<TResult> CallAsync<TResult>(MethodInfo method, object?[] args)
    {
        var carried = method.GetParameters().Zip(args, (parameter, value) =>
            parameter.ParameterType == typeof(CancellationToken) ? value : Carry(value, parameter.ParameterType));
        string answer, fault = "";
        try
        {
            object returned = method.Invoke(_server, [.. carried])!;
            if (returned is ValueTask<TResult> task)
            {
                answer = JsonSerializer.Serialize(await task);
            }
            else
            {
                await (ValueTask)returned;
                answer = "true";
            }
        }
        catch (BackupException failure)
        {
            (answer, fault) = ("", JsonSerializer.Serialize(SequenceFault.Of(failure)));
        }
        catch (TargetInvocationException failure) when (failure.InnerException is BackupException inner)
        {
            (answer, fault) = ("", JsonSerializer.Serialize(SequenceFault.Of(inner)));
        }

        return fault.Length == 0
            ? JsonSerializer.Deserialize<TResult>(answer)!
            : throw JsonSerializer.Deserialize<SequenceFault>(fault)!.ToException();
    }

    private static object? Carry(object? value, Type type) =>
        JsonSerializer.Deserialize(JsonSerializer.Serialize(value, type), type);
}
